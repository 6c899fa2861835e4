"""A verification as a table: one row a path, one group of columns a backend, the gate below."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from dsnet_convert.verify import GateResult, PathResult, Report


def verify_table(report: Report) -> RenderableType:
    from rich.console import Group

    oracle = [_oracle_table(report)] if report.gates else []
    return Group(*oracle, *([_fidelity_table(report)] if report.fidelity else []))


def _oracle_table(report: Report) -> Table:
    from rich.table import Table

    backends = [gate.backend for gate in report.gates]
    verdict = "every path within" if report.passed else "[red]MISSED:[/] some path or gate is not within"
    caption = (
        f"{verdict} {report.tolerance:g} of the NumPy oracle ({report.precision}) on {report.images} images: "
        "relative error (max|a-b| / max|b|), absolute error, top-1 agreement"
    )
    table = Table(title=f"verify {report.bundle}", caption=caption, caption_justify="left")
    table.add_column("path", justify="right")
    for backend in backends:
        table.add_column(backend, justify="right")
    by_cell = {(result.path, result.backend): result for result in report.paths}
    for path in sorted({result.path for result in report.paths}):
        table.add_row(str(path), *(_path_cell(by_cell[path, backend]) for backend in backends))
    table.add_section()
    table.add_row("gate choice", *(_gate_cell(gate) for gate in report.gates))
    return table


def _fidelity_table(report: Report) -> Table:
    from rich.table import Table

    backends = list(dict.fromkeys(result.backend for result in report.fidelity))
    caption = f"{report.images} golden images: signal over noise of the logits, relative error, top-1 agreement"
    table = Table(title=f"{report.precision} against fp32", caption=caption, caption_justify="left")
    for name in ("path", *backends):
        table.add_column(name, justify="right")
    cells = {
        (result.path, result.backend): f"{result.snr_db:.1f} dB {result.relative_error:.1%} {result.top1_agreement:.0%}"
        for result in report.fidelity
    }
    for path in sorted({path for path, _ in cells}):
        table.add_row(str(path), *(cells[path, backend] for backend in backends))
    return table


def _path_cell(result: PathResult) -> str:
    text = f"{result.relative_error:.0e} {result.max_abs_error:.0e} {result.top1_agreement:.0%}"
    return text if result.passed else f"[red]{text}[/]"


def _gate_cell(result: GateResult) -> str:
    text = f"{result.relative_error:.0e} same {result.same_choice}/{result.images}"
    if result.near_ties:
        text += f", {result.near_ties} near ties"
    return text if result.passed else f"[red]{text}[/]"
