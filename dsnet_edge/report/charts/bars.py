"""Horizontal bars in parts, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dsnet_edge.report.charts.canvas import WIDTH, Scale, drawing, line, scale_of, words
from dsnet_edge.report.html import Html, join, tag
from dsnet_edge.report.words import clip, digits

_PITCH, _THICK, _TOP, _BOTTOM, _VALUE_WIDTH, _LABEL = 20.0, 13.0, 4.0, 34.0, 54.0, 15.0


@dataclass(frozen=True)
class Bar:
    """`parts` lie end to end, each of the colour of its place plus `color`; the number beside them is `value`."""

    label: str
    parts: tuple[float, ...]
    value: float
    interval: tuple[float, float] | None = None
    unsure: bool = False  # hatched
    color: int = 0


def bar_chart(title: str, unit: str, bars: Sequence[Bar], label_width: float = 34, top: float = 0) -> Html:
    """`top`: a value that the scale reaches at least, so that charts beside each other have the same. A `label_width` of 0 puts
    each label on a line of its own above its bar."""
    pitch = _PITCH if label_width else _PITCH + _LABEL
    right = WIDTH - _VALUE_WIDTH
    ends = [max(sum(bar.parts), bar.value, bar.interval[1] if bar.interval else 0) for bar in bars]
    scale = scale_of([*ends, top], label_width + 6, right, zero=True, steps=4, snug=True)
    bottom = _TOP + pitch * len(bars)
    rows = (join(_row(bar, scale, _TOP + pitch * index, bool(label_width))) for index, bar in enumerate(bars))
    lowest, highest = min(bars, key=lambda bar: bar.value), max(bars, key=lambda bar: bar.value)
    ends_said = (f"{digits(bar.value)} {unit} ({clip(bar.label, 60)})" for bar in (lowest, highest))
    said = f"{len(bars)} bars, from {' to '.join(ends_said)}"
    return drawing(bottom + _BOTTOM, title, said, *_axis(scale, bottom, unit), *rows)


def _axis(scale: Scale, bottom: float, unit: str) -> Iterator[Html]:
    for x, label in scale.labels():
        yield line(x, _TOP - 2, x, bottom + 2, "grid")
        yield words(x, bottom + 14, label, "middle", "tick")
    yield words((scale.start + scale.end) / 2, bottom + 28, unit, "middle", "tick")


def _row(bar: Bar, scale: Scale, y: float, beside: bool) -> Iterator[Html]:
    middle = y + _PITCH / 2 + (0 if beside else _LABEL)
    if beside:
        yield words(scale.start - 6, middle + 4, clip(bar.label, int(scale.start / 7)), "end")
    else:
        yield words(scale.start, middle - 11, clip(bar.label, 48))
    edges = [scale.at(edge) for edge in accumulate(bar.parts, initial=0.0)]
    for index, (left, right) in enumerate(pairwise(edges)):
        yield _box(left, right, middle, f"c{(index + bar.color) % 6}")
    if bar.unsure:
        yield _box(edges[0], edges[-1], middle, "unsure")
    end = max(edges[-1], scale.at(bar.value))
    if bar.interval:
        low, high = (scale.at(value) for value in bar.interval)
        yield line(low, middle, high, middle, "whisker")
        yield line(low, middle - 3, low, middle + 3, "whisker")
        yield line(high, middle - 3, high, middle + 3, "whisker")
        end = max(end, high)
    yield words(end + 5, middle + 4, f"{digits(bar.value)}{' ?' if bar.unsure else ''}", class_="value")


def _box(left: float, right: float, middle: float, class_: str) -> Html:
    return tag("rect", x=left, y=middle - _THICK / 2, width=max(0.0, right - left), height=_THICK, class_=class_)
