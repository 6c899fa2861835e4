"""Range estimators: the interval of an activation's numbers whose 256 steps int8 represents."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from dsnet_edge.arch import Activation
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.float_ops import activate

Array = np.ndarray
Estimator = Literal["variance", "mse", "percentile", "minmax"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)

_SAMPLE = 1 << 16  # numbers of one activation that its range is chosen on
_PERCENTILE = 99.99  # of the numbers lie below the highest that is represented, and as many above the lowest
_SHARES = np.linspace(1.0, 0.2, 17)  # of the largest number: the candidates of the searches


def estimator_named(name: str) -> Estimator:
    for estimator in ESTIMATORS:
        if name == estimator:
            return estimator
    raise DsnetError(f"--ranges: there is no range estimator {name!r}; choose from {', '.join(ESTIMATORS)}")


def draw(numbers: Array, share: float, generator: np.random.Generator) -> Array:
    """Rows of `[k, c]` at random: this share of the 65,536 numbers that are enough to choose a range on."""
    count = min(len(numbers), math.ceil(share * _SAMPLE / numbers.shape[1]))
    return numbers[generator.choice(len(numbers), count, replace=False)]


def estimate_range(numbers: Array, activation: Activation = "none", estimator: Estimator = "variance") -> Array:
    """`[low, high]`, zero inside, for numbers `[k, c]` that pass through `activation` before the next op sees them.

    `minmax` holds all of them, `percentile` all but 0.01 % at either end, `mse` those that leave the least mean square error
    behind the activation. `variance` takes the error of each channel over its variance, because the next layer's batch norm
    sees channels so: a plain mean square would serve the few channels with large numbers and ruin the others.
    """
    if estimator == "percentile":
        low, high = np.percentile(numbers, (100 - _PERCENTILE, _PERCENTILE))
    else:
        low, high = numbers.min(), numbers.max()
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if estimator in ("mse", "variance"):
        low, high = _search(numbers, activation, low, high, by_channel=estimator == "variance")
    return np.array([low, high])


def _search(numbers: Array, activation: Activation, low: float, high: float, by_channel: bool) -> tuple[float, float]:
    """The shares of `low` and `high` with the least error, first of one, then of the other.

    By channel, a thousandth of the whole variance is added, so that channels which hardly vary do not decide.
    """
    exact = activate(activation, numbers)
    weight = 1 / (exact.var(axis=0) + 1e-3 * exact.var() + 1e-12) if by_channel else np.ones(numbers.shape[1])

    def error(low: float, high: float) -> float:
        scale = (high - low) / 255 or 1.0
        zero = round(-low / scale)
        steps = np.clip(np.rint(numbers / np.float32(scale)), -zero, 255 - zero)
        return float((((activate(activation, steps * np.float32(scale)) - exact) ** 2).mean(axis=0) * weight).mean())

    high = min((float(share) * high for share in _SHARES), key=lambda candidate: error(low, candidate))
    low = min((float(share) * low for share in _SHARES), key=lambda candidate: error(candidate, high))
    return low, high
