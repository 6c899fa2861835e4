"""Points and curves over two axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsnet_edge.report.charts.canvas import COLORS, WIDTH, Scale, drawing, line, marker, scale_of, words
from dsnet_edge.report.html import Html, join, tag
from dsnet_edge.report.words import digits

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 54.0, WIDTH - 14, 14.0, 206.0, 244.0


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    label: str = ""  # beside it
    title: str = ""  # under the pointer


@dataclass(frozen=True)
class Curve:
    name: str
    points: tuple[Point, ...]
    below: bool = False  # where its labels are: right below the points, or left above them
    markers: bool = True


def plane_chart(title: str, x_label: str, y_label: str, curves: Sequence[Curve], y_zero: bool = False) -> Html:
    """A curve has the colour, marker and dashes of its place."""
    points = [point for curve in curves for point in curve.points]
    x = scale_of([point.x for point in points], _LEFT, _RIGHT, zero=True, steps=5)
    heights = [point.y for point in points]
    if not y_zero:  # room for labels
        heights.append(min(heights) - 0.08 * (max(heights) - min(heights)))
    y = scale_of(heights, _BOTTOM, _TOP, zero=y_zero, steps=5)
    said = "; ".join(_said(curve) for curve in curves)
    drawn = (join(_curve(curve, style, x, y)) for style, curve in enumerate(curves))
    return drawing(_HEIGHT, title, f"{y_label} over {x_label}. {said}", *_axes(x, y, x_label, y_label), *drawn)


def _said(curve: Curve) -> str:
    first, last = curve.points[0], curve.points[-1]
    return f"{curve.name}: from {digits(first.x)}, {digits(first.y)} to {digits(last.x)}, {digits(last.y)}"


def _axes(x: Scale, y: Scale, x_label: str, y_label: str) -> Iterator[Html]:
    for position, label in x.labels():
        yield line(position, y.end, position, y.start, "grid")
        yield words(position, y.start + 14, label, "middle", "tick")
    for position, label in y.labels():
        yield line(x.start, position, x.end, position, "grid")
        yield words(x.start - 6, position + 4, label, "end", "tick")
    yield words((x.start + x.end) / 2, _HEIGHT - 8, x_label, "middle", "tick")
    middle = (y.start + y.end) / 2
    yield tag("text", y_label, x=11, y=middle, text_anchor="middle", transform=f"rotate(-90 11 {middle:.0f})", class_="tick")


def _curve(curve: Curve, style: int, x: Scale, y: Scale) -> Iterator[Html]:
    places = [(x.at(point.x), y.at(point.y)) for point in curve.points]
    if len(places) > 1:
        corners = " ".join(f"{px:.2f},{py:.2f}" for px, py in places)
        yield tag("polyline", points=corners, class_=f"curve s{style % COLORS} d{style % 4}")
    for point, (px, py) in zip(curve.points, places, strict=True):
        if curve.markers:
            yield marker(px, py, style, point.title)
        if point.label:
            dx, dy, anchor = (5, 14, "start") if curve.below else (-3, -7, "end")
            yield words(px + dx, py + dy, point.label, anchor)
