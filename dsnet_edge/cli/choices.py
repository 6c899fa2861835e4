"""What `--paths` takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from dsnet_edge.errors import PathError

_PART = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")


def parse_choices(text: str) -> Iterator[int]:
    """The choices that `0,4:7,13` names, which are 0, 4, 5, 6 and 13; lazily, for a range may be of any length."""
    return chain.from_iterable([_choices(part.strip(), text) for part in text.split(",")])


def _choices(part: str, text: str) -> range:
    match = _PART.fullmatch(part)
    if not match:
        raise PathError(f"--paths takes choices and LOW:HIGH separated by commas, such as 0,4:7,13, found {text!r}")
    low = int(match[1])
    choices = range(low, int(match[2]) if match[2] else low + 1)
    if not choices:
        raise PathError(f"--paths: {part} holds no choice, for LOW:HIGH is LOW <= choice < HIGH; make HIGH larger")
    return choices
