"""The energy of one inference: what a loop of them used beyond rest, divided by how many there were.

    E = (P_run - P_idle) t / n,     P_idle = (P_before + P_after) / 2

The 95 % interval combines, as independent, how much the power varied within the loop and within the two rests, half the
difference of the two rests, and what the meter cannot tell. (GUM, JCGM 100:2008, 5.1.2.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dsnet_edge.energy.account import Account, Power, power
from dsnet_edge.profile.values import PathEnergy, Verdict

FEWEST_UPDATES = 20  # of the meter within a loop
_NOISE = 0.1  # half the interval, relative to the energy


@dataclass(frozen=True)
class Cell:
    """What is run: one path of one backend."""

    backend: str
    threads: int
    path: int


@dataclass(frozen=True)
class Loop:
    """Inferences one after another, without a pause, at two moments of the device's clock."""

    runs: int
    begin_s: float
    end_s: float
    throttled: str = ""  # why the device was held back, if it was


@dataclass(frozen=True)
class Rest:
    begin_s: float
    end_s: float


def path_energy(cell: Cell, account: Account, loop: Loop, before: Rest, after: Rest) -> PathEnergy:
    """Never raises: what cannot be told is in the verdict. Energies of one that is incomplete are 0."""
    seconds = loop.end_s - loop.begin_s
    run = power(account, loop.begin_s, loop.end_s)
    first, second = (power(account, rest.begin_s, rest.end_s) for rest in (before, after))
    if loop.runs < 1 or seconds <= 0:
        reason = f"the loop of {loop.runs} runs took {seconds:.2f} s of the device's clock"
        return _energy(cell, loop, 0.0, (0.0, 0.0), (0.0, 0.0), "incomplete", reason)
    if run is None or first is None or second is None:
        during = "under load" if run is None else "at rest"
        reason = f"the meter said too little {during}: it needs {FEWEST_UPDATES} updates, one in {account.interval_s:.2g} s"
        return _energy(cell, loop, 0.0, (0.0, 0.0), (0.0, 0.0), "incomplete", reason)
    net_w, parts = run.watts - (first.watts + second.watts) / 2, _parts(account, seconds, run, first, second)
    half_w = math.hypot(*parts.values())
    verdict, reason = _verdict(account, loop, run, net_w, half_w, parts)
    return _energy(cell, loop, run.watts, (first.watts, second.watts), (net_w, half_w), verdict, reason)


def _parts(account: Account, seconds: float, run: Power, before: Power, after: Power) -> dict[str, float]:
    """Half-widths in watts, by what they come from."""
    drift_w = abs(after.watts - before.watts)
    return {
        "its power under load varied": run.half_w,
        "its power at rest varied": math.hypot(before.half_w, after.half_w) / 2,
        f"its power at rest moved by {drift_w:.3g} W meanwhile": drift_w / 2,
        f"the meter tells no less than {account.resolution_mj:.3g} mJ": account.step_w / 2 + account.step_j / seconds,
    }


def _verdict(
    account: Account, loop: Loop, run: Power, net_w: float, half_w: float, parts: dict[str, float]
) -> tuple[Verdict, str]:
    if loop.throttled:
        return "throttled", loop.throttled
    if account.interval_s * FEWEST_UPDATES > loop.end_s - loop.begin_s:
        return "noisy", f"the meter is updated once in {account.interval_s:.2g} s; a loop needs {FEWEST_UPDATES} updates"
    if net_w <= half_w:
        return "noisy", f"its power under load, {run.watts:.3g} W, is not above that at rest"
    if half_w > _NOISE * net_w:
        return "noisy", f"{max(parts, key=lambda part: parts[part])}: ± {100 * half_w / net_w:.0f} %"
    return "steady", ""


def _energy(
    cell: Cell, loop: Loop, run_w: float, idle_w: tuple[float, float], net_w: tuple[float, float], verdict: Verdict, reason: str
) -> PathEnergy:
    """`net_w` is a mean and half its interval."""
    seconds = max(0.0, loop.end_s - loop.begin_s)
    mj = 1000 * seconds / max(1, loop.runs)  # of one inference, by a watt
    return PathEnergy(
        backend=cell.backend,
        threads=cell.threads,
        path=cell.path,
        runs=max(0, loop.runs),
        seconds=seconds,
        run_mj=1000 * run_w * seconds,
        idle_before_w=idle_w[0],
        idle_after_w=idle_w[1],
        energy_mj=net_w[0] * mj,
        low=(net_w[0] - net_w[1]) * mj,
        high=(net_w[0] + net_w[1]) * mj,
        verdict=verdict,
        reason=reason,
    )
