"""How long every path takes, in every series."""

from __future__ import annotations

from dsnet_edge.profile.values import PathTime, Profile, Series, Summary
from dsnet_edge.report.charts.bars import Bar, bar_chart
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.choose import path_name
from dsnet_edge.report.html import Html, figure, paragraph, section, table, tag
from dsnet_edge.report.words import digits, millions, series_name

_PARTS = ("prefix", "gate", "suffix")


def times(profile: Profile) -> Html:
    shown = [series for series in profile.series if series.paths]
    if not shown:
        return section("Time of every path", paragraph("Nothing was measured."))
    top = max(time.total_ms.high for series in shown for time in series.paths)
    figures = (_figure(profile, series, top) for series in shown)
    explained = (
        "Median of one inference, prefix, gate and suffix together, with the 95 % interval of the median. The scale is the same "
        "in every chart. Hatched bars are not results: the warnings say why."
    )
    return section("Time of every path", paragraph(explained), tag("div", *figures, class_="grid"))


def _figure(profile: Profile, series: Series, top: float) -> Html:
    name = series_name(series.backend, series.threads)
    title = name if series.verdict == "steady" else f"{name}: {series.verdict}, not a result"
    bars = [_bar(series, time) for time in sorted(series.paths, key=lambda time: time.path)]
    chart = bar_chart(title, "ms", bars, top=top)
    columns = ("path", "MAdds", "total, ms", "95 % interval", "p90", "p99", "min", "suffix, ms", "runs")
    rows = [_row(profile, time) for time in sorted(series.paths, key=lambda time: time.path)]
    stages = table(
        ("part", "median, ms", "95 % interval", "p90", "p99"),
        [_stage("prefix", series.prefix_ms), _stage("gate", series.gate_ms)],
    )
    return figure(title, chart, legend(_PARTS), tag("div", table(columns, rows), stages))


def _bar(series: Series, time: PathTime) -> Bar:
    """The suffix is what is left of the total: medians of parts need not add up to the median of the whole."""
    total = time.total_ms
    prefix = min(series.prefix_ms.median, total.median)
    gate = min(series.gate_ms.median, total.median - prefix)
    parts = (prefix, gate, total.median - prefix - gate)
    return Bar(str(time.path), parts, total.median, (total.low, total.high), series.verdict != "steady")


def _row(profile: Profile, time: PathTime) -> tuple[str, ...]:
    total = time.total_ms
    name, madds = path_name(profile, time.path), millions(profile.bundle.madds[time.path])
    others = map(digits, (total.p90, total.p99, total.min, time.suffix_ms.median))
    return (name, madds, digits(total.median), interval(total), *others, str(total.runs))


def _stage(name: str, summary: Summary) -> tuple[str, ...]:
    return name, digits(summary.median), interval(summary), digits(summary.p90), digits(summary.p99)


def interval(summary: Summary) -> str:
    return f"{digits(summary.low)} to {digits(summary.high)}"
