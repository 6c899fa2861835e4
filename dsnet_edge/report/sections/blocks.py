"""How the device was while it was measured, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dsnet_edge.profile.values import Block, Conditions, Profile
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.charts.plane import Curve, Point, plane_chart
from dsnet_edge.report.conditions import governors
from dsnet_edge.report.html import Html, facts, figure, folded, section, table
from dsnet_edge.report.words import digits, series_name

_SENSORS, _POINTS = 4, 400


def blocks(profile: Profile) -> Html:
    states = [state for _, _, block in _blocks(profile) for state in block.conditions]
    loads = [round(block.conditions[0].load, 2) for _, _, block in _blocks(profile) if block.conditions]
    about = facts(
        (
            ("Governor", governors(profile)),
            ("Clocks", _clocks(states)),
            ("Temperatures", _celsius(states)),
            ("Load before a block", _range(loads, "")),
            ("Held back by", _held_back(states) or "nothing"),
        )
    )
    return section("Conditions", about, *_temperatures(states), _block_table(profile))


def _celsius(states: Iterable[Conditions]) -> str:
    """Of the hottest sensor."""
    return _range([max(state.celsius.values()) for state in states if state.celsius], "°C")


def _clocks(states: Iterable[Conditions]) -> str:
    return _range([float(mhz) for state in states for mhz in state.mhz if mhz], "MHz")


def _held_back(states: Iterable[Conditions]) -> str:
    return ", ".join(sorted({reason for state in states for reason in state.throttled}))


def _blocks(profile: Profile) -> Iterator[tuple[str, int, Block]]:
    for series in profile.series:
        for block in series.blocks:
            yield series.backend, series.threads, block


def _range(values: list[float], unit: str) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.4g}", f"{max(values):.4g}"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _temperatures(states: list[Conditions]) -> Iterator[Html]:
    """The hottest sensors over the whole measurement."""
    states = sorted(states, key=lambda state: state.uptime_s)[:: max(1, len(states) // _POINTS)]
    hottest: dict[str, float] = {}
    for state in states:
        for name, value in state.celsius.items():
            hottest[name] = max(value, hottest.get(name, value))
    names = sorted(hottest, key=lambda name: -hottest[name])[:_SENSORS]
    curves = [Curve(name, _points(states, name), markers=False) for name in names]
    if curves and states[-1].uptime_s > states[0].uptime_s:
        title = "Temperatures over the blocks"
        rows = [
            (name, digits(min(p.y for p in curve.points)), digits(hottest[name]))
            for name, curve in zip(names, curves, strict=True)
        ]
        chart = plane_chart(title, "seconds", "°C", curves)
        yield figure(title, chart, legend(names), table(("sensor", "lowest, °C", "highest, °C"), rows))


def _points(states: list[Conditions], name: str) -> tuple[Point, ...]:
    start = states[0].uptime_s
    return tuple(Point(state.uptime_s - start, state.celsius[name]) for state in states if name in state.celsius)


def _block_table(profile: Profile) -> Html:
    rows = [
        (
            series_name(backend, threads),
            str(block.number),
            digits(block.seconds),
            _celsius(block.conditions),
            _clocks(block.conditions),
            _held_back(block.conditions) or "no",
            "yes" if block.kept else f"no: {block.reason}",
        )
        for backend, threads, block in _blocks(profile)
    ]
    columns = ("series", "block", "seconds", "temperature", "clocks", "held back", "counts")
    return folded(f"all {len(rows)} blocks", table(columns, rows, left=(0, 3, 4, 5, 6)))
