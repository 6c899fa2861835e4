"""What all charts share: width, scales with round numbers, markers and the legend. Colours are classes of the page's style."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dsnet_edge.report.html import Html, tag

WIDTH = 360.0  # in units of the drawing; a phone shows about a pixel for each
COLORS = 6  # c0 to c5
_MOST = 1e12  # beyond it a file is wrong, and a scale of no use


@dataclass(frozen=True)
class Scale:
    """From values to positions, with round ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def labels(self) -> list[tuple[float, str]]:
        """With as many decimals as it takes to tell the ticks: 2.5 has one more than 2."""
        step = self.ticks[1] - self.ticks[0]
        power = math.floor(math.log10(step) + 1e-9)
        half = abs(step / 10.0**power - 2.5) < 1e-6
        places = max(0, min(9, half - power))
        return [(self.at(tick), f"{tick:.{places}f}") for tick in self.ticks]


def scale_of(values: Iterable[float], start: float, end: float, *, zero: bool, steps: int = 5, snug: bool = False) -> Scale:
    """Around the values, from zero if asked; up to the next tick, or `snug` to the largest value."""
    known = [min(max(value, -_MOST), _MOST) for value in values if math.isfinite(value)] or [0.0]
    low, high = (min(0.0, *known) if zero else min(known)), max(known)
    if high - low <= abs(high) * 1e-6:
        low, high = (low, high + (abs(high) or 1.0)) if zero else (low - (abs(low) or 1) * 0.05, high + (abs(high) or 1) * 0.05)
    step = _round_step((high - low) / steps)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(step * index for index in range(first, last + 1))
    if snug:
        return Scale(ticks[0], high, start, end, tuple(tick for tick in ticks if tick <= high))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def _round_step(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if step <= power * factor * (1 + 1e-9))


def drawing(height: float, title: str, description: str, *shapes: Html) -> Html:
    label = (tag("title", title), tag("desc", description))
    return tag("svg", *label, *shapes, viewBox=f"0 0 {WIDTH:.0f} {height:.0f}", role="img", aria_label=f"{title}. {description}")


def words(x: float, y: float, text: str, anchor: str = "start", class_: str | None = None) -> Html:
    return tag("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def marker(x: float, y: float, style: int, title: str = "") -> Html:
    """A shape and a colour for each style."""
    name, color = (tag("title", title),) if title else (), f"c{style % COLORS}"
    shape = style % 4
    if shape == 0:
        return tag("circle", *name, cx=x, cy=y, r=4, class_=color)
    if shape == 1:
        return tag("rect", *name, x=x - 3.6, y=y - 3.6, width=7.2, height=7.2, class_=color)
    around = ((0, -5), (4.6, 3.6), (-4.6, 3.6)) if shape == 2 else ((0, -5), (5, 0), (0, 5), (-5, 0))
    return tag("polygon", *name, points=" ".join(f"{x + dx:.2f},{y + dy:.2f}" for dx, dy in around), class_=color)


def legend(names: Sequence[str], markers: bool = False) -> Html:
    """A swatch and a name for each colour in order; with the shapes, where the chart has them."""

    def swatch(style: int) -> Html:
        shape = marker(6, 6, style) if markers else tag("rect", x=1, y=1, width=10, height=10, rx=2, class_=f"c{style % COLORS}")
        return tag("svg", shape, viewBox="0 0 12 12", class_="swatch", aria_hidden="true")

    return tag("ul", *(tag("li", swatch(style), name) for style, name in enumerate(names)), class_="legend")
