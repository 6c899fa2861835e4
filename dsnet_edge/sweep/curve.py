"""From outcomes to a curve: the gate at every bias, all computed from one run over the images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dsnet_edge.profile.sweep import DynamicPoint
from dsnet_edge.runtime.budget import bias_policy
from dsnet_edge.runtime.policy import solve
from dsnet_edge.sweep.outcomes import Outcomes

_DIGITS = 4  # of a bias that nobody asked for


def curve(outcomes: Outcomes, madds: Sequence[int], biases: Sequence[float]) -> tuple[DynamicPoint, ...]:
    """By ascending bias, each once."""
    return tuple(_point(outcomes, madds, bias) for bias in sorted(set(biases)))


def even_biases(outcomes: Outcomes, madds: Sequence[int], count: int) -> list[float]:
    """0, and `count` biases at which the images' mean multiply-adds are spaced evenly from the slimmest path's to the widest's,
    as far as the gate has choices there.
    """
    lean, costs = bias_policy(madds).lean, np.array(madds, np.float64)
    wanted = np.linspace(costs[0], costs[-1], count)
    found = [solve(outcomes.scores, lean, costs, amount)[1] for amount in wanted]
    return [0.0, *map(_rounded_up, found)]


def best_static(madds: Sequence[int], accuracy: Sequence[float], at: float) -> float:
    """Accuracy of the best static path of at most so many multiply-adds, linear between paths."""
    return float(np.interp(at, madds, np.maximum.accumulate(accuracy)))


def _rounded_up(bias: float) -> float:
    """To few digits, towards cheaper paths."""
    if bias == 0:
        return bias
    digits = _DIGITS - 1 - math.floor(math.log10(abs(bias)))
    return round(math.ceil(bias * 10.0**digits) / 10.0**digits, digits)


def _point(outcomes: Outcomes, madds: Sequence[int], bias: float) -> DynamicPoint:
    lean = bias_policy(madds, bias).lean
    paths = (outcomes.scores - bias * lean).argmax(1)
    shares = np.bincount(paths, minlength=len(madds)) / len(paths)
    accuracy = 100 * outcomes.correct[np.arange(len(paths)), paths].sum() / len(paths)
    return DynamicPoint(bias, float(accuracy), tuple(shares.tolist()), float(np.array(madds)[paths].mean()))
