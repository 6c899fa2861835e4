"""Rounds of paths in random order, so that a slow second falls on all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

LEAST_ROUNDS = 3


def path_rounds(paths: Sequence[int], seconds: float, most: int = 1_000_000, seed: int = 0) -> Iterator[int]:
    """Every path of a round, then those of the next, until `seconds` are over or there were `most` rounds; at least three."""
    generator = np.random.default_rng(seed)
    deadline = time.monotonic() + seconds
    done = 0
    while done < most and (done < LEAST_ROUNDS or time.monotonic() < deadline):
        for index in generator.permutation(len(paths)):
            yield paths[index]
        done += 1
