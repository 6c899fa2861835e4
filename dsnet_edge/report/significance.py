"""How much two measurements differ, with an interval that knows how much whole blocks do.

Samples of one process agree with each other more than with those of the next: memory lies elsewhere, the machine is in another
mood. So the blocks are resampled, and the samples within each. Of two series that do not differ, the intervals below exclude 1 in
1 to 4 of 100 cases where blocks vary by 1 % (3 to 12 blocks, simulated), and in fewer where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_BLOCKS = 3
_REPLICATES = 2000
_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Ratio:
    """Of B to A; `low` to `high` is a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether there is a difference at all."""
        return not self.low <= 1 <= self.high


def median_ratio(a: Sequence[np.ndarray], b: Sequence[np.ndarray], seed: int = 0) -> Ratio:
    """Of the medians over the blocks of each block's median. Positive samples, an array a block, of FEWEST_BLOCKS or more."""
    rng = np.random.default_rng(seed)
    ratios = _replicates(b, rng) / _replicates(a, rng)
    low, high = np.percentile(ratios, (2.5, 97.5))
    value = float(typical(b) / typical(a))
    return Ratio(value, min(value, float(low)), max(value, float(high)))


def typical(blocks: Sequence[np.ndarray]) -> float:
    return float(np.median([np.median(block) for block in blocks]))


def _replicates(blocks: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """`[replicates]`: the typical value of resampled blocks with resampled samples."""
    medians = np.stack([_resampled_medians(np.sort(block), rng) for block in blocks])
    picked = rng.integers(len(blocks), size=medians.shape)
    return np.median(np.take_along_axis(medians, picked, axis=0), axis=0)


def _resampled_medians(ordered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Without drawing n samples each time: the k-th smallest of n uniform draws is distributed as Beta(k, n + 1 - k)."""
    n = len(ordered)
    k = (n + 1) // 2
    ranks = (n * rng.beta(k, n + 1 - k, size=_REPLICATES)).astype(int)
    return ordered[np.minimum(ranks, n - 1)]


def interval_ratio(a: tuple[float, float, float], b: tuple[float, float, float]) -> Ratio:
    """Of two positive values of which only (value, low, high) is known, a 95 % interval each; their errors are independent."""
    errors = [(high - low) / (2 * _NORMAL_95 * value) for value, low, high in (a, b)]
    value = b[0] / a[0]
    spread = math.exp(_NORMAL_95 * math.hypot(*errors))
    return Ratio(value, value / spread, value * spread)
