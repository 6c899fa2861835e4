"""A comparison for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from dsnet_edge.report.compare import Comparison, Difference
from dsnet_edge.report.words import digits, percent, printable, series_name

if TYPE_CHECKING:
    from rich.table import Table


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """One a series, its paths in order; energy after time."""
    for (quantity, backend, threads), differences in groupby(comparison.differences, _series):
        title = f"{'energy of ' if quantity == 'mj' else ''}{series_name(backend, threads)}"
        yield _table(title, sorted(differences, key=lambda d: d.choice), comparison.threshold)


def _series(difference: Difference) -> tuple[str, str, int]:
    return difference.quantity, difference.backend, difference.threads


def _table(title: str, differences: list[Difference], threshold: float) -> Table:
    from rich.table import Table
    from rich.text import Text

    unit = {"ms": "ms", "mj": "mJ"}[differences[0].quantity]
    table = Table(title=Text(printable(title)))
    for column in ("choice", f"A, {unit}", f"B, {unit}", "B / A", "95 % interval"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict")
    for d in differences:
        interval = f"{d.ratio.low:.3f} to {d.ratio.high:.3f}"
        table.add_row(str(d.choice), digits(d.a), digits(d.b), f"{d.ratio.value:.3f}", interval, verdict(d, threshold))
    return table


def verdict(difference: Difference, threshold: float) -> str:
    size = percent(abs(difference.ratio.value - 1))
    more, less = ("slower", "faster") if difference.quantity == "ms" else ("more", "less")
    word = more if difference.ratio.value > 1 else less
    judged = difference.judge(threshold)
    if judged == "same":
        return "no difference seen"
    if judged == "slight":
        return f"{word} by {size}, within {percent(threshold)}"
    return f"[{'red' if judged == 'worse' else 'green'}]{word} by {size}[/]"
