"""Accuracy against what it costs on this device: static paths, and the gate at several biases."""

from __future__ import annotations

from collections.abc import Sequence

from dsnet_edge.profile.sweep import Sweep
from dsnet_edge.profile.values import Profile
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.charts.plane import Curve, Point, plane_chart
from dsnet_edge.report.choose import main_energies, main_series
from dsnet_edge.report.html import Html, figure, paragraph, section, table, tag
from dsnet_edge.report.words import digits, series_name

_TITLE = "Accuracy against cost"
_NAMES = ("always the same path", "the gate, at several biases")
_LABELS = 7  # more of them would lie on each other


def tradeoff(profile: Profile, sweep: Sweep | None) -> Html:
    """`sweep` is of the profile's bundle."""
    series, metered = main_series(profile), main_energies(profile)
    if series is None:
        return Html("")
    if sweep is None:
        command = tag("code", "dsnet-edge sweep BUNDLE IMAGES -o sweep.json")
        return section(_TITLE, paragraph("No accuracy is known: measure it with ", command, ", and add --sweep sweep.json."))
    name = series_name(series.backend, series.threads)
    times = [series.path(path).total_ms.median for path in range(len(profile.bundle.madds))]
    figures = [_figure(f"Accuracy and time, {name}", "ms", sweep, times)]
    if metered:
        title = f"Accuracy and energy, {series_name(metered[0].backend, metered[0].threads)}"
        figures.append(_figure(title, "mJ", sweep, [entry.energy_mj for entry in metered]))
    about = (
        f"Top-1 on {sweep.images:,} images of {sweep.source}. What the gate costs at a bias is the mean over the paths it takes, "
        "from the medians of this profile; a bias above 0 leads to cheaper paths."
    )
    parts = [paragraph(about), tag("div", *figures, class_="grid")]
    if series.verdict != "steady":
        parts.insert(1, paragraph(f"{name} is {series.verdict}: its costs are not results.", class_="warn"))
    return section(_TITLE, *parts)


def dynamic_costs(sweep: Sweep, costs: Sequence[float]) -> list[float]:
    """The mean cost of an image at every bias, of the costs of the paths."""
    return [sum(share * cost for share, cost in zip(point.shares, costs, strict=True)) for point in sweep.dynamic]


def _figure(title: str, unit: str, sweep: Sweep, costs: Sequence[float]) -> Html:
    means = dynamic_costs(sweep, costs)
    rows = [(f"path {path}", f"{accuracy:.2f}", digits(costs[path])) for path, accuracy in enumerate(sweep.static_accuracy)]
    rows += [(f"bias {p.bias:g}", f"{p.accuracy:.2f}", digits(mean)) for p, mean in zip(sweep.dynamic, means, strict=True)]
    said = [f"{name}: {accuracy} %, {cost} {unit}" for name, accuracy, cost in rows]
    n_paths = len(costs)
    every = -(-n_paths // _LABELS)
    labelled = {n_paths - 1, *range(0, n_paths - every, every)}
    labels = [str(path) if path in labelled else "" for path in range(n_paths)]
    labels += ["" if point.bias else "bias 0" for point in sweep.dynamic]
    places = zip((*costs, *means), (*sweep.static_accuracy, *(point.accuracy for point in sweep.dynamic)), strict=True)
    points = tuple(Point(x, y, label, text) for (x, y), label, text in zip(places, labels, said, strict=True))
    curves = [Curve(_NAMES[0], points[:n_paths], below=True), Curve(_NAMES[1], points[n_paths:])]
    chart = plane_chart(title, f"{unit}, an inference", "top-1, %", curves)
    return figure(title, chart, legend(_NAMES, markers=True), table(("", "top-1, %", unit), rows))
