"""What a backend's outputs are measured by, against those they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsnet_edge.plan.elements import Precision

# Largest relative error of logits and of scores against the oracle of the precision; `dsnet-bench --golden` has the same. fp32
# differs by the order of its sums. The others round every feature map, and a sum that falls on the other side of a rounding
# boundary is off by a whole step; an untrained network can amplify one such step of int8 to 2 % of the largest logit. So theirs
# are wider, and what the kernels owe to the bit is tested on the ops (`tests/native`).
TOLERANCE: dict[Precision, float] = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 5e-2, "int8": 0.1}


@dataclass(frozen=True)
class Difference:
    """Of logits `[n, classes]` from those expected. A value that is not finite is an infinite error, at minus infinity dB."""

    max_abs_error: float
    relative_error: float  # the largest absolute error over the largest absolute value expected
    snr_db: float  # power of the values expected over that of the errors; infinite where there are none
    top1_agreement: float  # 0..1


@dataclass(frozen=True)
class Choices:
    """Of a gate, from its scores `[n, P]` and those expected."""

    relative_error: float
    same: int  # images on which it chooses the path expected
    near_ties: int  # images on which it does not, and both paths are right answers
    images: int

    @property
    def all_right(self) -> bool:
        return self.same + self.near_ties == self.images


def difference(found: np.ndarray, expected: np.ndarray) -> Difference:
    """Both `[n, classes]`."""
    agreement = float((found.argmax(1) == expected.argmax(1)).mean())
    error, relative = _errors(found, expected)
    return Difference(error, relative, _snr_db(found, expected), agreement)


def choices(scores: np.ndarray, expected: np.ndarray, tolerance: float, n_choices: Sequence[int] | None = None) -> Choices:
    """Both `[n, P]`, or of several gates `[n, sum(n_choices)]`, all of which must choose right.

    Where the two best scores expected lie closer together than scores within the tolerance may be off, either path is a right
    answer: a near tie.
    """
    sizes = [scores.shape[1]] if n_choices is None else list(n_choices)
    ends = np.cumsum(sizes, dtype=int)
    same, right = np.ones(len(scores), bool), np.ones(len(scores), bool)
    for begin, end in zip(ends - sizes, ends, strict=True):
        own, wanted = scores[:, begin:end], expected[:, begin:end]
        choice = own.argmax(1)
        margin = wanted.max(1) - np.take_along_axis(wanted, choice[:, None], 1)[:, 0]
        agrees = choice == wanted.argmax(1)
        same &= agrees
        right &= agrees | (margin <= 2 * tolerance * np.abs(expected).max())
    error = _errors(scores, expected)[1] if scores.size else 0.0
    return Choices(error, int(same.sum()), int((right & ~same).sum()), len(scores))


def _errors(found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    if not np.isfinite(found).all():
        return float("inf"), float("inf")
    error = float(np.abs(found.astype(np.float64) - expected).max())
    scale = float(np.abs(expected).max())
    return error, error / scale if scale else (0.0 if error == 0 else float("inf"))


def _snr_db(found: np.ndarray, expected: np.ndarray) -> float:
    if not np.isfinite(found).all():
        return float("-inf")
    signal = float((expected.astype(np.float64) ** 2).sum())
    noise = float(((found.astype(np.float64) - expected) ** 2).sum())
    if noise == 0:
        return float("inf")
    return 10 * float(np.log10(signal / noise)) if signal else float("-inf")
