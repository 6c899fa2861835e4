"""Which cores to run on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dsnet_edge.errors import DsnetError


def parse_cores(text: str) -> list[int]:
    """Core numbers from a list such as `4-7` or `0,2,5-6`."""
    cores: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(first + last) > 8 or int(last or first) < int(first):
            raise DsnetError(f"--cores takes core numbers such as 4-7 or 0,2,5-6, found {text!r}")
        cores += range(int(first), min(int(last or first), int(first) + 1023) + 1)
    return cores


def keep_to(cores: Sequence[int]) -> None:
    """Keeps this process, and every thread it starts from now on, on `cores`. No cores, no change."""
    allowed = os.sched_getaffinity(0)
    if missing := sorted(set(cores) - allowed):
        raise DsnetError(f"--cores: there is no core {missing[0]} for this process, only {sorted(allowed)}; choose among these")
    if cores:
        os.sched_setaffinity(0, cores)


@contextmanager
def pinned(cores: Sequence[int]) -> Iterator[None]:
    """Keeps the calling thread on the first of `cores`, and afterwards lets it go where it could before. No cores, no change."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
