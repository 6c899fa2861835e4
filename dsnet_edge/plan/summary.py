"""What every path of a Plan costs, as data and as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dsnet_edge.arch import Path
from dsnet_edge.plan.plan import Plan

if TYPE_CHECKING:
    from rich.table import Table


_MANY = 64  # paths: more are no table to read


@dataclass(frozen=True)
class Cost:
    """A row: a path, or a part that every path shares. Bytes are of weights, epilogues and tables, as stored."""

    name: str
    madds: int
    parameters: int
    weight_bytes: int
    channels: tuple[int, ...]  # of every block
    choices: tuple[int, ...] = ()  # of a path


@dataclass(frozen=True)
class Summary:
    network: str
    paths: tuple[Cost, ...]
    parts: tuple[Cost, ...]
    arena_bytes: int
    separate_bytes: int  # what a file for each path would take together

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> Table:
        from rich.table import Table

        table = Table(title=f"{self.network}: every path", caption=self._caption(), caption_justify="left")
        for name in ("path", "MAdds M", "parameters M", "weights MB", "channels of the blocks"):
            table.add_column(name, justify="left" if name in ("path", "channels of the blocks") else "right")
        for index, rows in enumerate((self.parts, self.shown)):
            for row in rows:
                table.add_row(
                    row.name,
                    f"{row.madds / 1e6:.2f}",
                    f"{row.parameters / 1e6:.3f}",
                    f"{row.weight_bytes / 1e6:.2f}",
                    _runs(row.channels),
                )
            if index == 0:
                table.add_section()
        return table

    @property
    def shown(self) -> tuple[Cost, ...]:
        """The rows of the table: of very many paths those that take the same choice at every gate."""
        return tuple(row for row in self.paths if len(self.paths) <= _MANY or len(set(row.choices)) == 1)

    def _caption(self) -> str:
        ratio = self.separate_bytes / self.arena_bytes
        hidden = len(self.paths) - len(self.shown)
        left_out = f"{hidden} paths whose gates choose differently are left out; --json has them. " if hidden else ""
        return (
            f"{left_out}One arena holds every routable path: {self.arena_bytes / 1e6:.1f} MB; a model a path would take "
            f"{self.separate_bytes / 1e6:.1f} MB ({ratio:.1f}x).\nMAdds as the authors count them: convolutions, linear layers, "
            "pooled inputs; a path is the whole network without the slimming head."
        )


def summarise(plan: Plan) -> Summary:
    """Costs of prefix and gate, of every routable path, and of a teacher that no gate can choose."""
    program = plan.program
    routable = program.space.paths()
    deployed = plan.select(routable)
    parts = tuple(
        Cost(segment, program.madds(routable[0], segment), program.parameters(routable[0], segment),
             deployed.segment_bytes(segment, routable[0]), ())
        for segment in program.levels[0]
        if program.segment(segment)
    )  # fmt: skip
    teacher = program.space.teacher
    names = {teacher: "teacher"} | {path: _name(index, path, teacher) for index, path in enumerate(routable)}
    rows = tuple(_cost(plan, path, names[path]) for path in program.paths)
    separate = sum(plan.weight_bytes(path) for path in routable)
    return Summary(program.name, rows, parts, deployed.arena_bytes, separate)


def _name(index: int, path: Path, teacher: Path) -> str:
    """With the gate's choice where that is another number, as it is of a part of the paths."""
    if path.choices != (index,):
        return f"{index} (choice {path})"
    return f"{index} (teacher)" if path == teacher else f"{index}"


def _cost(plan: Plan, path: Path, name: str) -> Cost:
    program = plan.program
    channels = tuple(program.shape(op.output, path)[2] for op in program.ops if op.kind in ("conv2d", "pointwise"))
    return Cost(name, program.madds(path), program.parameters(path), plan.weight_bytes(path), channels, path.choices)


def _runs(channels: tuple[int, ...]) -> str:
    """`16 32 48x2`: repeated widths once, with their count."""
    runs: list[tuple[int, int]] = []
    for width in channels:
        if runs and runs[-1][0] == width:
            runs[-1] = (width, runs[-1][1] + 1)
        else:
            runs.append((width, 1))
    return " ".join(f"{width}x{count}" if count > 1 else str(width) for width, count in runs)
