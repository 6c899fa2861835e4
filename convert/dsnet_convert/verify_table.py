"""A verification as tables of at most 80 columns: one a backend, a row a path, a group of columns a reference, the gate below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsnet_edge.runtime.measures import Choices, Difference

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from dsnet_convert.verify_report import BackendFacts, Comparison, Report


def verify_table(report: Report) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    tables = [_table(report, facts) for facts in report.backends]
    return Group(*tables, *(Text(f"warning: {warning}", "yellow") for warning in report.warnings), _verdict(report))


def _table(report: Report, facts: BackendFacts) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    found = [report.of(facts.backend, kind) for kind in report.references if report.has(facts.backend, kind)]
    absolute, shipped = len(found) == 1, facts.shipped
    table = Table(title=_title(facts), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    names = ["path"]
    for comparison in found:
        names += [f"{comparison.reference}\nrelative", *(["\nabsolute"] if absolute else []), "\ndB", "\ntop-1 %"]
    names += ["\nMB"] if not shipped.one_file else []
    names += ["dele-\ngated"] if shipped.delegated is not None else []
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for path, size in enumerate(shipped.path_bytes):
        cells = [str(path)]
        for comparison in found:
            cells += _path_cells(comparison, path, absolute)
        cells += [f"{size / 1e6:.2f}"] if not shipped.one_file else []
        cells += [_yes(shipped.delegated[path])] if shipped.delegated is not None else []
        table.add_row(*cells)
    table.add_section()
    gate = ["gate"]
    for comparison in found:
        gate += _gate_cells(comparison, absolute)
    gate += [""] if not shipped.one_file else []
    gate += [_yes(bool(shipped.gate_delegated))] if shipped.delegated is not None else []
    table.add_row(*gate)
    return table


def _title(facts: BackendFacts) -> str:
    size = f"{facts.shipped.total_bytes / 1e6:.2f} MB"
    files = f"one file of {size} for all paths" if facts.shipped.one_file else f"{size} for all paths"
    return f"{facts.backend} ({facts.runtime}), {files}"


def _path_cells(comparison: Comparison, path: int, absolute: bool) -> list[str]:
    result = comparison.paths[path]
    found: Difference = result.difference
    cells = [f"{found.relative_error:.0e}", *([f"{found.max_abs_error:.0e}"] if absolute else [])]
    cells += [f"{found.snr_db:.1f}", f"{100 * found.top1_agreement:.4g}"]
    return cells if result.passed else [f"[red]{cell}[/]" for cell in cells]


def _gate_cells(comparison: Comparison, absolute: bool) -> list[str]:
    gate: Choices = comparison.gate
    cells = [f"{gate.relative_error:.0e}", *([""] if absolute else [])]
    cells += [f"{gate.near_ties} ties" if gate.near_ties else "", f"{100 * gate.same / gate.images:.4g}"]
    return cells if comparison.gate_passed else [f"[red]{cell}[/]" if cell else "" for cell in cells]


def _yes(answer: bool) -> str:
    return "yes" if answer else "[yellow]no[/]"


def _verdict(report: Report) -> str:
    """What was compared with what, in how much it had to agree, and whether it did."""
    kind = "photos" if report.photos else "golden images"
    against = "; ".join(f"{kind}: {name}" for kind, name in report.references.items())
    bounds = sorted({f"{found.tolerance:g} of {found.reference}" for found in report.comparisons if found.tolerance is not None})
    criteria = [f"errors within {bound}" for bound in bounds]
    criteria += [f"top-1 agreement from {100 * report.min_agreement:g} %"] if report.min_agreement is not None else []
    criteria += [f"SNR from {report.min_snr_db:g} dB"] if report.min_snr_db is not None else []
    asked = ", ".join(criteria) or "reported only"
    missed = [f"{found.backend} against {found.reference}" for found in report.comparisons if not found.passed]
    verdict = f"[red]MISSED:[/] {', '.join(missed)}" if missed else "passed"
    return (
        f"{report.bundle}, {report.precision}, {report.images} {kind}, against {against}.\n"
        "Relative error max|a-b| / max|b|, absolute error, signal over noise, of logits; the gate's of its scores, and how often "
        f"it chose the same path.\nAsked: {asked}.\n{verdict}"
    )
