"""Numbers and names as text, the same everywhere."""

from __future__ import annotations

import math


def series_name(backend: str, threads: int) -> str:
    return f"{backend}, {threads} thread{'' if threads == 1 else 's'}"


def digits(value: float, significant: int = 3) -> str:
    """So many significant digits, without an exponent: 0.0123, 1.23, 12.3, 1234."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    places = significant - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(0, min(9, places))}f}"


def megabytes(size: int) -> str:
    return f"{digits(size / 1e6)} MB" if size >= 1e6 else f"{digits(size / 1e3)} kB"


def kilobytes(size: int) -> str:
    """Of a cache, in powers of two; nothing for none."""
    return f"{size // 1024} KiB" if size else ""


def millions(count: int) -> str:
    return f"{digits(count / 1e6)} M"


def percent(share: float) -> str:
    """Of a fraction: 12.3 %, 0.21 %, 0.03 %."""
    return f"{digits(100 * share, 3 if abs(share) >= 0.1 else 2)} %"


def clip(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(1, most - 1)]}…"


def printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
