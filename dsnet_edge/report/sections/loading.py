"""What comes before the first result, and what stays in memory."""

from __future__ import annotations

from dsnet_edge.profile.values import Profile, Series
from dsnet_edge.report.charts.bars import Bar, bar_chart
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.html import Html, figure, paragraph, section, table, tag
from dsnet_edge.report.sections.times import interval
from dsnet_edge.report.words import digits, megabytes, series_name

_START = ("opening", "first inference")
_MEMORY = ("allocated", "mapped from files")


def loading(profile: Profile) -> Html:
    if not profile.series:
        return Html("")
    figures = tag("div", _start(profile), _memory(profile), class_="grid")
    explained = (
        "Opening is the file and the session; the first inference comes right after it, when no cache holds the weights yet. "
        "Memory is what is resident after every path has run, less what was before; the system can drop what is mapped."
    )
    prepared = ""
    if profile.preprocess_ms:
        summary = profile.preprocess_ms
        prepared = f" Preparing a photo takes {digits(summary.median)} ms ({interval(summary)}) besides, in Python."
    return section("Loading and memory", paragraph(explained + prepared), figures)


def _start(profile: Profile) -> Html:
    title = "Until the first result"
    bars = [
        Bar(_short(series), parts, sum(parts))
        for series in profile.series
        for parts in [(series.open_ms.median, series.first_run_ms.median)]
    ]
    rows = [(series_name(series.backend, series.threads), *_times(series), series.runtime) for series in profile.series]
    columns = ("series", "opening, ms", "95 % interval", "first inference, ms", "95 % interval", "runtime")
    return figure(title, bar_chart(title, "ms", bars, label_width=92), legend(_START), table(columns, rows, left=(0, 5)))


def _times(series: Series) -> tuple[str, str, str, str]:
    opened, first = series.open_ms, series.first_run_ms
    return digits(opened.median), interval(opened), digits(first.median), interval(first)


def _memory(profile: Profile) -> Html:
    title = "Memory after every path has run"
    bars = [
        Bar(_short(series), parts, sum(parts))
        for series in profile.series
        for parts in [(series.anonymous_bytes / 1e6, series.file_bytes / 1e6)]
    ]
    rows = [
        (series_name(series.backend, series.threads), megabytes(series.anonymous_bytes), megabytes(series.file_bytes))
        for series in profile.series
    ]
    return figure(title, bar_chart(title, "MB", bars, label_width=92), legend(_MEMORY), table(("series", *_MEMORY), rows))


def _short(series: Series) -> str:
    return f"{series.backend}, {series.threads}"
