"""Layers as tables for a terminal."""

from __future__ import annotations

from rich.table import Table

from dsnet_edge.profile.values import Layer, Layers, PathLayers
from dsnet_edge.profiling.layers import LayerDifference, difference, roofline_reached

_SMALL = 0.005  # of the path's time: not worth a row


def layers_table(layers: Layers, path: PathLayers) -> Table:
    """One path of `layers`: the time of every layer, its share, and how near it comes to the roofline."""
    total = sum(layer.ms for layer in path.layers)
    peaks = f"one core: {layers.peaks.gmadds_per_s:.1f} G multiply-adds/s, {layers.peaks.read_gb_per_s:.1f} GB/s read from memory"
    table = Table(
        title=f"{path.backend}, path {path.path}, {_threads(path.threads)}: {total:.3f} ms in its layers",
        caption=f"medians; {peaks}; beyond 100 %: from a cache" + (", or by several threads" if path.threads > 1 else ""),
    )
    _columns(table, ("ms", "share", "MMAdds", "kB", "of roofline"))
    small = [layer for layer in path.layers if layer.ms < _SMALL * total]
    for layer in path.layers:
        if layer not in small:
            reached = roofline_reached(layer, layers.peaks)
            share = f"{layer.ms / total:.1%}" if total else ""
            table.add_row(*_names(layer), f"{layer.ms:.4f}", share, *_costs(layer), "" if reached is None else f"{reached:.0%}")
    if small:
        rest = sum(layer.ms for layer in small)
        table.add_section()
        table.add_row(f"{len(small)} smaller ones", "", "", f"{rest:.4f}", f"{rest / total:.1%}", "", "", "")
    return table


def difference_table(a: PathLayers, b: PathLayers) -> Table:
    """What path b takes more than path a, where it differs, the largest difference first."""
    rows = difference(a, b)
    total = sum(row.ms for row in rows)
    table = Table(
        title=f"path {b.path} less path {a.path}, {b.backend}, {_threads(b.threads)}: {total:+.3f} ms in their layers",
        caption="the largest difference first; layers that take the same within a microsecond are left out",
    )
    _columns(table, (f"path {a.path}, ms", f"path {b.path}, ms", "more ms", "more MMAdds", "more kB"))
    for row in sorted(rows, key=lambda row: -abs(row.ms)):
        if abs(row.ms) >= 1e-3:
            table.add_row(*_names(row.layer), _ms(row.a), _ms(row.b), f"{row.ms:+.4f}", *_more(row))
    return table


def _columns(table: Table, numbers: tuple[str, ...]) -> None:
    table.add_column("layer", overflow="fold")
    table.add_column("kind")
    table.add_column("stage")
    for name in numbers:
        table.add_column(name, justify="right")


def _names(layer: Layer) -> tuple[str, str, str]:
    return layer.name, layer.kind, layer.segment


def _costs(layer: Layer) -> tuple[str, str]:
    """Empty where they are unknown."""
    known = layer.madds or layer.bytes
    return (f"{layer.madds / 1e6:.3f}", f"{layer.bytes / 1e3:.1f}") if known else ("", "")


def _more(row: LayerDifference) -> tuple[str, str]:
    known = row.madds or row.bytes
    return (f"{row.madds / 1e6:+.3f}", f"{row.bytes / 1e3:+.1f}") if known else ("", "")


def _ms(layer: Layer | None) -> str:
    return "" if layer is None else f"{layer.ms:.4f}"


def _threads(threads: int) -> str:
    return f"{threads} thread" + ("s" if threads > 1 else "")
