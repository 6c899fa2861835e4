"""Several profiles beside each other: boards, or before and after."""

from __future__ import annotations

from collections.abc import Sequence

from dsnet_edge.profile.values import Profile, Series
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.charts.plane import Curve, Point, plane_chart
from dsnet_edge.report.choose import main_energies, main_series, slimmest, widest
from dsnet_edge.report.html import Html, figure, paragraph, table, tag
from dsnet_edge.report.words import digits, series_name


def sides(profiles: Sequence[Profile], names: Sequence[str]) -> Html:
    """`names` tell the profiles apart."""
    if len(profiles) < 2:
        return Html("")
    found = [(profile, name, series) for profile, name in zip(profiles, names, strict=True) if (series := main_series(profile))]
    parts = [_summary(found)]
    if found:
        parts.insert(0, _chart(found))
    meters = {(p.energy.meter.name, p.energy.meter.scope) for p in profiles if p.energy}
    if len(meters) > 1:
        listed = ", ".join(f"{name} ({scope})" for name, scope in sorted(meters))
        parts.append(paragraph(f"Energies are left out here: {listed} are different meters, whose readings do not compare."))
    if len({profile.bundle.sha256 for profile in profiles}) > 1:
        parts.append(
            paragraph("These are different bundles: the curves compare by multiply-adds, the rows do not.", class_="warn")
        )
    return tag("section", tag("h1", "Side by side"), *parts)


def _chart(found: list[tuple[Profile, str, Series]]) -> Html:
    title = "Time over multiply-adds"
    curves = [
        Curve(
            name,
            tuple(
                sorted((Point(p.bundle.madds[t.path] / 1e6, t.total_ms.median) for t in series.paths), key=lambda point: point.x)
            ),
        )
        for p, name, series in found
    ]
    columns = ("", "path", "M MAdds", "ms")
    rows = [
        (name, str(time.path), digits(profile.bundle.madds[time.path] / 1e6), digits(time.total_ms.median))
        for profile, name, series in found
        for time in series.paths
    ]
    chart = plane_chart(title, "million multiply-adds", "ms", curves, y_zero=True)
    shown = [f"{name}, {series_name(series.backend, series.threads)}" for _, name, series in found]
    return figure(title, chart, legend(shown, markers=True), table(columns, rows))


def _summary(found: list[tuple[Profile, str, Series]]) -> Html:
    meters = {(p.energy.meter.name, p.energy.meter.scope) if p.energy else None for p, _, _ in found}
    metered = len(meters) == 1 and None not in meters
    columns = (
        "",
        "bundle",
        "series",
        "verdict",
        "slimmest, ms",
        "widest, ms",
        *(("slimmest, mJ", "widest, mJ") if metered else ()),
    )
    rows = []
    for profile, name, series in found:
        ends = slimmest(profile), widest(profile)
        times = [digits(series.path(path).total_ms.median) for path in ends]
        entries = main_energies(profile)
        energy = [digits(entries[path].energy_mj) if entries and entries[path].verdict == "steady" else "" for path in ends]
        bundle = f"{profile.bundle.name}, {profile.bundle.precision}"
        rows.append(
            (name, bundle, series_name(series.backend, series.threads), series.verdict, *times, *(energy if metered else ()))
        )
    return table(columns, rows, left=(0, 1, 2, 3))
