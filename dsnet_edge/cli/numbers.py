"""Numbers that several commands take."""

from __future__ import annotations

import re

from dsnet_edge.errors import DsnetError


def whole_numbers(text: str, option: str) -> list[int]:
    """Of `1,2`, each above 0, once each."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9][0-9]{0,3}", part) for part in parts):
        raise DsnetError(f"{option} takes numbers above 0 separated by commas, such as 1,2, found {text[:40]!r}")
    return list(dict.fromkeys(map(int, parts)))


def per_cent(text: str, option: str) -> float:
    """Of `3%` the fraction 0.03."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})? ?%", text.strip()):
        raise DsnetError(f"{option} takes per cent, such as 3%, found {text[:40]!r}")
    return float(text.strip().rstrip("% ")) / 100
