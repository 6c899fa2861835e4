"""What a benchmark found, as data: written to JSON and read back, and asked for ratios of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsnet_edge.bench.rounds import Cell, Measured, Ratio, Summary
from dsnet_edge.errors import DsnetError

FORMAT, VERSION = "dsnet-edge bench", 2


@dataclass(frozen=True)
class Run:
    """All cases in one process, at one number of threads."""

    threads: int
    measured: Measured

    @property
    def shared_stages(self) -> tuple[str, ...]:
        """What every path runs before its own: prefix and gate, or nothing where there is no gate."""
        found = {cell.stage for cell in self.measured.cells if cell.case == "sliced"}
        return tuple(stage for stage in ("prefix", "gate") if stage in found)

    def time(self, case: str, stage: str, path: int = -1) -> Summary:
        return next(cell.time for cell in self.measured.cells if (cell.case, cell.stage, cell.path) == (case, stage, path))

    def ratio(self, other: str, stage: str, path: int = -1) -> Ratio:
        """Of sliced to another case, round by round."""
        return next(r for r in self.measured.ratios if (r.case, r.other, r.stage, r.path) == ("sliced", other, stage, path))

    def of_medians(self, other: str, stage: str, path: int = -1) -> float:
        """Sliced to another case."""
        return self.time("sliced", stage, path).median_ms / self.time(other, stage, path).median_ms

    def best(self, cases: Sequence[str], stage: str, path: int = -1) -> str:
        """The case with the lowest median."""
        return min(cases, key=lambda case: self.time(case, stage, path).median_ms)

    @property
    def n_paths(self) -> int:
        return 1 + max(cell.path for cell in self.measured.cells)


@dataclass(frozen=True)
class Opening:
    """Medians over fresh processes, the file in the page cache, the library loaded, from nothing to logits."""

    backend: str
    processes: int
    first_ms: float  # on the path the gate chooses
    all_ms: float  # until every path has run once


@dataclass(frozen=True)
class Memory:
    """What a fresh process grows by when it opens a bundle and runs every path. Resident bytes."""

    backend: str
    anonymous: int
    file: int  # mapped from files
    arena: int = 0  # of the sliced backend: its weights,
    activations: int = 0  # and what it allocates for activations
    runtime: str = ""  # what ran it, with its version

    @property
    def total(self) -> int:
        return self.anonymous + self.file


@dataclass(frozen=True)
class Network:
    """One bundle."""

    name: str
    precision: str
    peers: tuple[str, ...]
    madds: tuple[int, ...]  # of each path
    runs: tuple[Run, ...]
    openings: tuple[Opening, ...]
    memories: tuple[Memory, ...]

    def run(self, threads: int) -> Run | None:
        return next((run for run in self.runs if run.threads == threads), None)


@dataclass(frozen=True)
class Report:
    machine: Mapping[str, Any]
    tools: Mapping[str, str]  # versions
    cores: tuple[int, ...]  # that the processes were kept to, or none
    created: str
    networks: tuple[Network, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION} | asdict(self)

    @staticmethod
    def from_dict(fields: Mapping[str, Any]) -> Report:
        check_format(fields, FORMAT, VERSION)
        networks = tuple(_network(network) for network in fields["networks"])
        return Report(fields["machine"], fields["tools"], tuple(fields["cores"]), fields["created"], networks)


def check_format(fields: Mapping[str, Any], name: str, version: int) -> None:
    """Raises DsnetError unless `fields` were written as this format, whose name is the command that writes it."""
    if (fields.get("format"), fields.get("version")) != (name, version):
        found = f"{fields.get('format')!r} version {fields.get('version')!r}"
        raise DsnetError(f"not a result of {name}: expected {name!r} version {version}, found {found}; run it again")


def _network(fields: Mapping[str, Any]) -> Network:
    return Network(
        name=fields["name"],
        precision=fields["precision"],
        peers=tuple(fields["peers"]),
        madds=tuple(fields["madds"]),
        runs=tuple(Run(run["threads"], measured_from(run["measured"])) for run in fields["runs"]),
        openings=tuple(Opening(**opening) for opening in fields["openings"]),
        memories=tuple(Memory(**memory) for memory in fields["memories"]),
    )


def measured_from(fields: Mapping[str, Any]) -> Measured:
    cells = tuple(Cell(cell["case"], cell["stage"], cell["path"], Summary(**cell["time"])) for cell in fields["cells"])
    return Measured(cells, tuple(Ratio(**ratio) for ratio in fields["ratios"]))
