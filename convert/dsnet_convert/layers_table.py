"""A report of the layers as tables: one a path, a row an op in order of execution, and the worst offenders before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from dsnet_convert.layers import LayerReport


def layers_table(report: LayerReport) -> RenderableType:
    from rich.console import Group

    parts: list[RenderableType] = []
    for path in dict.fromkeys(layer.path for layer in report.layers):
        parts += [*(_worst_line(report, backend, path) for backend in _backends(report)), _path_table(report, path)]
    return Group(*parts)


def _backends(report: LayerReport) -> list[str]:
    return list(dict.fromkeys(layer.backend for layer in report.layers))


def _worst_line(report: LayerReport, backend: str, path: int) -> str:
    named = ", ".join(f"{layer.op} {_db(layer.own_db)} dB" for layer in report.worst(backend, path))
    return f"path {path}, {backend}, most noise of their own: {named}"


def _path_table(report: LayerReport, path: int) -> Table:
    from rich.table import Table

    caption = f"signal over noise on {report.images} images, dB: what the op adds itself, and what has accumulated"
    table = Table(title=f"int8 against fp32, path {path}", caption=caption, caption_justify="left")
    table.add_column("op")
    for backend in _backends(report):
        table.add_column(f"{backend} own", justify="right")
        table.add_column("accumulated", justify="right")
    cells: dict[str, list[str]] = {}
    for layer in report.layers:
        if layer.path == path:
            cells.setdefault(layer.op, []).extend((_db(layer.own_db), _db(layer.accumulated_db)))
    for op, row in cells.items():
        table.add_row(op, *row)
    return table


def _db(decibels: float | None) -> str:
    return "-" if decibels is None else f"{decibels:.1f}"
