"""Markup from values. Text becomes markup here and nowhere else, so whatever a profile says stays text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from dsnet_edge.report.words import printable


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str | float | None) -> Html:
    """An element. Children that are not Html are escaped. `class_` is the attribute class, `aria_label` aria-label; None none."""
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    opened = name + "".join(f' {key}="{_text(_number(value))}"' for key, value in pairs)
    return Html(f"<{opened}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    return Html("".join(child if isinstance(child, Html) else _text(child) for child in children))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[int] = (0,)) -> Html:
    """Columns of text, those in `left`, and of numbers. It scrolls within itself where the page is too narrow."""

    def cell(kind: str, column: int, text: str) -> Html:
        if kind == "td" and column == 0:
            return tag("th", text, scope="row")
        return tag(kind, text, class_=None if column in left else "n", scope="col" if kind == "th" else None)

    head = tag("tr", *(cell("th", column, text) for column, text in enumerate(columns)))
    body = (tag("tr", *(cell("td", column, text) for column, text in enumerate(row))) for row in rows)
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll", tabindex=0)


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Names with what is known of them; those of which nothing is are left out."""
    rows = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value)
    return tag("dl", *rows)


def section(title: str, *children: str) -> Html:
    return tag("section", tag("h2", title), *children)


def paragraph(*children: str, class_: str | None = None) -> Html:
    return tag("p", *children, class_=class_)


def bullets(lines: Iterable[str]) -> Html:
    return tag("ul", *(tag("li", line) for line in lines))


def folded(summary: str, *children: str) -> Html:
    """Closed on the screen, open in print."""
    return tag("details", tag("summary", summary), *children)


def figure(title: str, chart: str, legend: str, numbers: str) -> Html:
    """A chart with its numbers as a table beside it."""
    return tag("figure", tag("figcaption", title), legend, chart, folded("as numbers", numbers))


def _text(text: str) -> str:
    return escape(printable(text), quote=True)


def _number(value: str | float) -> str:
    """Coordinates to a hundredth of a pixel."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
