"""What a meter counted, as a curve of joules over the device's clock; counters and power sensors give the same curve.

A power sensor is integrated by the trapezoid rule over the moments of its readings. A counter is known at the moments when
it changed: between them it stands still, whatever is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dsnet_edge.energy.errors import MeterError

# Of Student's distribution, two-sided 95 %, by degrees of freedom; 0 has none.
_STUDENT = (float("inf"), 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365)
_WINDOWS = len(_STUDENT)
_READINGS = 3  # in a window, at least


@dataclass(frozen=True)
class Account:
    at_s: tuple[float, ...]  # increasing, of the device's clock
    joules: tuple[float, ...]  # used by then, since the first moment
    changed_s: tuple[float, ...]  # when the meter said something new
    step_w: float = 0.0  # the smallest difference of power that a sensor told; 0 of a counter
    step_j: float = 0.0  # the smallest difference of energy that a counter tells; 0 of a sensor

    @property
    def interval_s(self) -> float:
        """Between two updates: the lower quartile of the times between changes, as an update may say the same as the one before.
        0 while there were fewer than two changes."""
        return float(np.quantile(np.diff(self.changed_s), 0.25)) if len(self.changed_s) > 1 else 0.0

    @property
    def resolution_mj(self) -> float:
        """The smallest difference that the meter can tell: a counter's step, or a sensor's over the interval of its readings."""
        return 1000 * (self.step_j + self.step_w * self.interval_s)


@dataclass(frozen=True)
class Power:
    """Between two moments: the mean, and half the width of its 95 % interval, from the spread of up to eight equal windows."""

    watts: float
    half_w: float


def integrated(readings: Sequence[tuple[float, float]], what: str) -> Account:
    """Of a power sensor's (seconds, watts). `what` names the meter in errors."""
    readings = _forward(readings, what)
    times, watts = (np.array(column) for column in zip(*readings, strict=True))
    joules = np.concatenate([[0.0], np.cumsum(np.diff(times) * (watts[1:] + watts[:-1]) / 2)])
    differences = np.abs(np.diff(watts))
    told = differences > 1e-9  # watts; less is rounding of ours
    step_w = float(differences[told].min()) if told.any() else 0.0
    return Account(tuple(times.tolist()), tuple(joules.tolist()), tuple(times[1:][told].tolist()), step_w)


def counted(readings: Sequence[tuple[float, float]], step_j: float, what: str) -> Account:
    """Of a counter's (seconds, joules), wraps already undone. `step_j` is what one step of the counter is worth."""
    readings = _forward(readings, what)
    for (_, before), (second, after) in pairwise(readings):
        if after < before:
            raise MeterError(f"{what}: its counter went back by {before - after:.3f} J at {second:.2f} s; measure again")
    changes = [(second, after) for (_, before), (second, after) in pairwise(readings) if after > before]
    points = changes or list(readings[:1])
    changed = tuple(second for second, _ in changes)
    at_s, joules = tuple(second for second, _ in points), tuple(joules - points[0][1] for _, joules in points)
    return Account(at_s, joules, changed, step_j=step_j)


def power(account: Account, begin_s: float, end_s: float) -> Power | None:
    """None where the meter said too little. The first reading is left out: it may stand for what was before."""
    times, joules = np.array(account.at_s), np.array(account.joules)
    inside = (times >= begin_s + account.interval_s) & (times <= end_s)
    times, joules = times[inside], joules[inside]
    if len(times) < 2 * _READINGS:
        return None
    n_windows = min(_WINDOWS, len(times) // _READINGS)
    edges = np.linspace(times[0], times[-1], n_windows + 1)
    slopes = np.diff(np.interp(edges, times, joules)) / np.diff(edges)
    half_w = _STUDENT[n_windows - 1] * slopes.std(ddof=1) / np.sqrt(n_windows)
    return Power(float((joules[-1] - joules[0]) / (times[-1] - times[0])), float(half_w))


def _forward(readings: Sequence[tuple[float, float]], what: str) -> list[tuple[float, float]]:
    """Without readings of the same moment."""
    if not readings:
        raise MeterError(f"{what}: not one reading; is it still connected, and readable?")
    kept = [readings[0]]
    for second, value in readings[1:]:
        if second < kept[-1][0]:
            raise MeterError(f"{what}: its clock went back from {kept[-1][0]:.2f} to {second:.2f} s; measure again")
        if second > kept[-1][0]:
            kept.append((second, value))
    return kept
