"""The procedure: rest, loop, rest, loop, ... rest, one watch of the meter over all of it, the loops in random order.

Every loop lies between two rests, so that a slow change of the idle power, and heat left by the loop before, is seen.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from dsnet_edge.devices.device import Tree
from dsnet_edge.energy.account import Account
from dsnet_edge.energy.arithmetic import FEWEST_UPDATES, Cell, Loop, Rest, path_energy
from dsnet_edge.energy.errors import MeterError
from dsnet_edge.energy.meter import Meter
from dsnet_edge.profile.values import Energy, MeterInfo

_LONGEST_S = 60.0  # that a slow meter lengthens a loop to


def measure_energy(
    meter: Meter,
    tree: Tree,
    cells: Sequence[Cell],
    run_loop: Callable[[Cell, float], Loop],
    seconds: float = 10.0,
    seed: int = 0,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Energy]:
    """What is known after each of the cells; the last has all. `run_loop` runs a cell for some seconds; `wait` is the rest.

    A meter that is updated less than 20 times in `seconds` gets longer loops, up to a minute. Raises MeterError where the
    meter cannot be used; what was yielded until then stands.
    """
    order = random.Random(seed).sample(cells, len(cells))
    with meter.watch(tree) as watch:
        before = _rest(tree, seconds, wait)
        longer = _seconds_needed(meter.account(watch.frames()), seconds)
        if longer > seconds:
            seconds, before = longer, Rest(before.begin_s, _rest(tree, longer - seconds, wait).end_s)
        done = []
        for cell in order:
            loop = run_loop(cell, seconds)
            after = _rest(tree, seconds, wait)
            account = meter.account(watch.frames())
            if not account.changed_s:
                raise MeterError(f"{meter.name}: it said the same all through rest and load; use another meter with --energy")
            done.append(path_energy(cell, account, loop, before, after))
            before = after
            yield Energy(MeterInfo(meter.name, meter.scope, account.resolution_mj, account.interval_s), tuple(done))


def _rest(tree: Tree, seconds: float, wait: Callable[[float], None]) -> Rest:
    begin_s = tree.read([]).uptime_s
    wait(seconds)
    return Rest(begin_s, tree.read([]).uptime_s)


def _seconds_needed(account: Account, seconds: float) -> float:
    """With a fifth more than needed, as a gauge's intervals are not all alike."""
    return min(max(seconds, 1.2 * FEWEST_UPDATES * account.interval_s), max(seconds, _LONGEST_S))
