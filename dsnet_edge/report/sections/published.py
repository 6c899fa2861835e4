"""What others have published for the same device. Their networks are not ours, so times stand beside multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsnet_edge.profile.values import Profile
from dsnet_edge.report.charts.bars import Bar, bar_chart
from dsnet_edge.report.choose import complete_series, main_series, path_name, slimmest, widest
from dsnet_edge.report.html import Html, folded, paragraph, section, table, tag
from dsnet_edge.report.known import KnownDevice, References, find_device, known_references
from dsnet_edge.report.words import digits, millions, series_name

_TITLE = "Beside published figures"
_SHOWN = 24  # bars


@dataclass(frozen=True)
class Row:
    """A time of ours or of a source."""

    ours: bool
    network: str
    runtime: str
    madds: int
    precision: str
    threads: int
    ms: float
    note: str
    unsure: bool = False
    here: bool = True  # of the same device; else of one that the source does not name

    @property
    def relative(self) -> float:
        """ms for 100 million multiply-adds."""
        return self.ms / (self.madds / 1e8)


def published(profile: Profile) -> Html:
    device, series = find_device(profile.device), main_series(profile)
    if series is None or min(profile.bundle.madds) == 0:
        return Html("")
    if device is None:
        return section(
            _TITLE, paragraph("No figures of others are known for this device; profiles/references has those that are.")
        )
    sources = [source for source in known_references() if any(figure.device in (device.id, "") for figure in source.figures)]
    rows = sorted([*_ours(profile), *_theirs(device, sources)], key=lambda row: row.relative)
    threads = series.threads
    near = [row for row in rows if row.here and row.threads == threads]
    if all(row.ours for row in near):  # nobody published as many threads
        near = [row for row in rows if row.here]
    columns = ("network", "runtime", "precision", "threads", "MAdds", "ms", "ms / 100 M MAdds", "note")
    cells = [(row.network, row.runtime, row.precision, str(row.threads), *_numbers(row), row.note) for row in rows]
    explained = (
        f"Published for a {device.name}, batch 1. These are other networks: small or narrow ones take longer for a multiply-add "
        "than wide ones, so compare those of a similar size, at as many threads and in the same precision. The paper's times, of "
        "a device that it does not name, are in the table only."
    )
    every = folded(f"all {len(rows)} figures", table(columns, cells, left=(0, 1, 2, 7)))
    return section(_TITLE, paragraph(explained), _chart(near), every, _sources(sources))


def _numbers(row: Row) -> tuple[str, str, str]:
    return millions(row.madds), digits(row.ms), digits(row.relative)


def _ours(profile: Profile) -> Iterator[Row]:
    for series in complete_series(profile):
        for path in dict.fromkeys((slimmest(profile), widest(profile))):
            note = "" if series.verdict == "steady" else f"{series.verdict}, not a result"
            name = f"{profile.bundle.name}, path {path_name(profile, path)}"
            facts = (profile.bundle.madds[path], profile.bundle.precision, series.threads, series.path(path).total_ms.median)
            yield Row(True, name, f"{series.backend} (here)", *facts, note, series.verdict != "steady")


def _theirs(device: KnownDevice, sources: list[References]) -> Iterator[Row]:
    for source in sources:
        for entry in source.figures:
            facts = (entry.network, source.runtime, entry.madds, entry.precision, entry.threads, entry.ms, entry.note)
            if entry.device in (device.id, ""):
                yield Row(False, *facts, here=entry.device == device.id)


def _chart(rows: list[Row]) -> Html:
    title = "Time for 100 million multiply-adds"
    threads = sorted({row.threads for row in rows})
    told = series_name("batch 1", threads[0]) if len(threads) == 1 else "several numbers of threads"
    shown = sorted(sorted(rows, key=lambda row: not row.ours)[:_SHOWN], key=lambda row: row.relative)
    bars = [Bar(_label(row), (row.relative,), row.relative, None, row.unsure, 0 if row.ours else 5) for row in shown]
    drawn = bar_chart(title, "ms / 100 M MAdds", bars, label_width=0)
    swatches = tag("p", "paths: measured here (green); networks: published (grey)", class_="legend")
    return tag("figure", tag("figcaption", f"{title}, {told}"), swatches, drawn)


def _label(row: Row) -> str:
    """The path's or the network's name, which runtime, in what precision, and what else to know."""
    name = row.network.split(", ")[-1] if row.ours else row.network
    return f"{name}, {row.runtime.removesuffix(' (here)')} {row.precision}{f'; {row.note}' if row.note else ''}"


def _sources(sources: list[References]) -> Html:
    lines = (
        tag("li", tag("a", f"{source.runtime}: {source.published}", href=source.url, rel="noreferrer"), f". {source.conditions}")
        for source in sources
    )
    return tag("ul", *lines, class_="sources")
