"""Where the time goes: kinds of ops by path, the dearest ops, and what the widest path does longer than the slimmest."""

from __future__ import annotations

from collections.abc import Iterable

from dsnet_edge.profile.values import Layer, Layers, PathLayers, Peaks, Profile
from dsnet_edge.report.charts.bars import Bar, bar_chart
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.choose import path_name
from dsnet_edge.report.html import Html, figure, folded, join, paragraph, section, table, tag
from dsnet_edge.report.words import digits, megabytes, millions, percent, series_name

_TITLE = "Where the time goes"
_KINDS, _OPS = 5, 8


def layers(profile: Profile) -> Html:
    if profile.layers is None or not profile.layers.paths:
        command = tag("code", "dsnet-edge profile --per-layer")
        return section(_TITLE, paragraph("Not measured: ", command, " times every op."))
    peaks = profile.layers.peaks
    explained = (
        f"Medians of every op. One core does at most {digits(peaks.gmadds_per_s)} G multiply-adds a second and reads "
        f"{digits(peaks.read_gb_per_s)} GB/s, both measured here. An op's roof is the longer of the times that its multiply-adds "
        "(over all threads) and its bytes take at these rates; it can be above 100 % where caches already hold the bytes."
    )
    groups: dict[tuple[str, int], list[PathLayers]] = {}
    for entry in sorted(profile.layers.paths, key=lambda entry: entry.path):
        groups.setdefault((entry.backend, entry.threads), []).append(entry)
    return section(_TITLE, paragraph(explained), *(_group(profile, profile.layers, key, paths) for key, paths in groups.items()))


def _group(profile: Profile, measured: Layers, key: tuple[str, int], paths: list[PathLayers]) -> Html:
    wide = max(paths, key=lambda entry: profile.bundle.madds[entry.path])
    slim = min(paths, key=lambda entry: profile.bundle.madds[entry.path])
    title = f"Kinds of ops, {series_name(*key)}"
    parts = [
        _kinds_figure(profile, title, paths),
        _ops(f"The dearest ops of path {path_name(profile, wide.path)}", wide, measured.peaks),
    ]
    if slim is not wide:
        parts.append(_difference(profile, slim, wide))
    return join(parts)


def _kinds_figure(profile: Profile, title: str, paths: list[PathLayers]) -> Html:
    """The dearest kinds over all paths, and the others together."""
    every = [layer for entry in paths for layer in entry.layers]
    kinds = sorted({layer.kind for layer in every}, key=lambda kind: -_of_kind(every, kind))[:_KINDS]
    bars, rows = [], []
    for entry in paths:
        total = sum(layer.ms for layer in entry.layers)
        parts = [_of_kind(entry.layers, kind) for kind in kinds]
        parts.append(max(0.0, total - sum(parts)))
        bars.append(Bar(str(entry.path), tuple(parts), total))
        rows.append((path_name(profile, entry.path), *map(digits, (*parts, total))))
    names = (*kinds, "other")
    return figure(title, bar_chart(title, "ms", bars), legend(names), table(("path", *names, "all, ms"), rows))


def _of_kind(layers: Iterable[Layer], kind: str) -> float:
    return sum(layer.ms for layer in layers if layer.kind == kind)


def _ops(title: str, entry: PathLayers, peaks: Peaks) -> Html:
    total = sum(layer.ms for layer in entry.layers)
    ordered = sorted(entry.layers, key=lambda layer: -layer.ms)
    rows = [
        (
            layer.name,
            layer.kind,
            layer.segment,
            digits(layer.ms),
            percent(layer.ms / total) if total else "",
            millions(layer.madds) if layer.madds else "",
            megabytes(layer.bytes) if layer.bytes else "",
            _of_roof(layer, peaks, entry.threads),
        )
        for layer in ordered
    ]
    columns = ("op", "kind", "part", "ms", "share", "MAdds", "bytes", "of its roof")
    rest = [folded(f"all {len(rows)} ops", table(columns, rows, left=(0, 1, 2)))] if len(rows) > _OPS else []
    return tag("div", tag("h3", title), table(columns, rows[:_OPS], left=(0, 1, 2)), *rest)


def _of_roof(layer: Layer, peaks: Peaks, threads: int) -> str:
    roof = roof_ms(layer, peaks, threads)
    return percent(roof / layer.ms) if roof and layer.ms else ""


def roof_ms(layer: Layer, peaks: Peaks, threads: int) -> float:
    """The least time that an op can take; 0 where its costs or the peaks are not known. Memory is shared by all threads."""
    compute = layer.madds / (peaks.gmadds_per_s * threads * 1e6) if peaks.gmadds_per_s and threads else 0.0
    memory = layer.bytes / (peaks.read_gb_per_s * 1e6) if peaks.read_gb_per_s else 0.0
    return max(compute, memory)


def _difference(profile: Profile, slim: PathLayers, wide: PathLayers) -> Html:
    """Ops of both, by name."""
    short = {layer.name: layer.ms for layer in slim.layers}
    both = [(layer, short[layer.name]) for layer in wide.layers if layer.name in short]
    more = sum(layer.ms - before for layer, before in both)
    both.sort(key=lambda pair: pair[1] - pair[0].ms)
    names = [path_name(profile, entry.path) for entry in (slim, wide)]
    rows = [
        (
            layer.name,
            layer.kind,
            digits(before),
            digits(layer.ms),
            digits(layer.ms - before),
            percent((layer.ms - before) / more) if more else "",
        )
        for layer, before in both[:_OPS]
    ]
    columns = ("op", "kind", f"path {names[0]}, ms", f"path {names[1]}, ms", "more, ms", "of all that is more")
    title = f"What path {names[1]} takes longer for than path {names[0]}"
    return tag("div", tag("h3", title), table(columns, rows, left=(0, 1)))
