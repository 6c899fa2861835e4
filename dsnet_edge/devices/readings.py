"""What the files of a device say: numbers, and text fit to be kept and printed. All of it is untrusted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

_LONGEST = 200  # letters of a name that are kept


def number(text: str | None) -> float | None:
    """The number that a file begins with; None where it says nothing, or no finite number."""
    try:
        value = float((text or "").split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return None
    return value if math.isfinite(value) else None


def clean(text: str | None) -> str:
    """In one line of at most 200 printable letters. Device trees end and separate their strings by NUL."""
    words = " ".join((text or "").replace("\0", " ").split())
    return "".join(letter for letter in words if letter.isprintable())[:_LONGEST]


def matching(files: Mapping[str, str], pattern: str) -> Iterator[tuple[re.Match[str], str]]:
    """The files whose whole name matches a regular expression, in the order of their numbers, with what they say."""
    found = [(match, text) for name, text in files.items() if (match := re.fullmatch(pattern, name))]
    return iter(sorted(found, key=lambda entry: _natural(entry[0][0])))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """cpu2 before cpu10."""
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name)]
