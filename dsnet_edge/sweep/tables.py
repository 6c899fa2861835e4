"""A sweep as two tables: the static paths, and the gate at every bias."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from dsnet_edge.profile.sweep import DynamicPoint, Sweep
from dsnet_edge.sweep.costs import Column
from dsnet_edge.sweep.curve import best_static


def static_table(sweep: Sweep, columns: Sequence[Column]) -> Table:
    table = _table(f"static paths of {sweep.bundle.name} {sweep.bundle.precision} on {sweep.images} images", "path", columns)
    for path, (accuracy, madds) in enumerate(zip(sweep.static_accuracy, sweep.bundle.madds, strict=True)):
        costs = [f"{column.costs[path]:.3f}" for column in columns]
        table.add_row(str(sweep.bundle.choices[path]), f"{accuracy:.2f}", f"{madds / 1e6:.2f}", *costs)
    return table


def dynamic_table(sweep: Sweep, columns: Sequence[Column]) -> Table:
    """`static` is the best static path at the same multiply-adds, linear between paths."""
    table = _table("the gate, led by a bias", "bias", columns)
    table.add_column("static %", justify="right", no_wrap=True)
    table.add_column("share of paths, %", overflow="fold")
    for point in sweep.dynamic:
        costs = [f"{point.mean(column.costs):.3f}" for column in columns]
        static = best_static(sweep.bundle.madds, sweep.static_accuracy, point.madds)
        style = "bold" if point.bias == 0 else None
        row = (
            f"{point.bias:g}",
            f"{point.accuracy:.2f}",
            f"{point.madds / 1e6:.2f}",
            *costs,
            f"{static:.2f}",
            _shares(point, sweep),
        )
        table.add_row(*row, style=style)
    error = max((point.accuracy * (100 - point.accuracy) / sweep.images) ** 0.5 for point in sweep.dynamic)
    table.caption = f"standard error of an accuracy: {error:.2f} points at most"
    doubts = [f"{column.title}: {' and '.join(column.doubts)}" for column in columns if column.doubts]
    table.caption += "".join(f"\nmeasured with doubts: {doubt}" for doubt in doubts)
    table.caption_justify = "left"
    return table


def _table(title: str, first: str, columns: Sequence[Column]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in (first, "top-1 %", "MAdds M", *(column.title for column in columns)):
        table.add_column(name, justify="right", no_wrap=name in (first, "top-1 %", "MAdds M"))
    return table


def _shares(point: DynamicPoint, sweep: Sweep) -> str:
    """`0: 49.6, 8: 50.4`, by the gate's choices."""
    pairs = zip(sweep.bundle.choices, point.shares, strict=True)
    return ", ".join(f"{choice}: {100 * share:.1f}" for choice, share in pairs if share)
