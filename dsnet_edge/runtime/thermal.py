"""A budget that gives way to heat: lowered before the device holds its clock back, raised again once it is cool.

It helps where images come at a rate of their own, as from a camera: a cheaper path then leaves the processor idle for longer. A
loop that takes the next image at once keeps a core busy whichever path it takes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from dsnet_edge.profile.values import Conditions
from dsnet_edge.runtime.budget import BudgetError
from dsnet_edge.runtime.preprocess import Photo
from dsnet_edge.runtime.runner import Prediction, Runner

_LEAST = 0.05  # a share below this is none


@dataclass(frozen=True)
class Governor:
    """Between `cool_c` and `hot_c` nothing changes; that gap, and the time a change is given to show, keep it from swinging.

    The defaults suit a Raspberry Pi 4 or 5, which holds its clock back from 80 °C on.
    """

    hot_c: float = 75.0
    cool_c: float = 70.0
    wait_s: float = 10.0  # between two changes
    cut: float = 0.6  # what is left of the share after one step down
    step: float = 0.1  # of the share, up


@dataclass(frozen=True)
class Heat:
    """What the governor remembers."""

    share: float = 1.0  # of the budget above the slimmest path (`Budget.lowered`)
    changed_s: float = -math.inf  # on the device's clock
    events: int | None = None  # the device's count of throttling; none before the first reading


def govern(governor: Governor, heat: Heat, now: Conditions) -> Heat:
    """After one reading. A device that tells no temperature is hot while it is held back, else cool."""
    hottest = max(now.celsius.values(), default=-math.inf)
    counted = heat.events is not None and now.throttle_events > heat.events
    held_back = bool(now.throttled) or counted
    seen = replace(heat, events=now.throttle_events)
    if 0 <= now.uptime_s - heat.changed_s < governor.wait_s:
        return seen if not counted else replace(seen, events=heat.events)  # it will count when the wait is over
    if held_back or hottest >= governor.hot_c:
        share = heat.share * governor.cut
        return replace(seen, share=share if share >= _LEAST else 0.0, changed_s=now.uptime_s)
    if hottest < governor.cool_c and heat.share < 1:
        return replace(seen, share=min(1.0, heat.share + governor.step), changed_s=now.uptime_s)
    return seen


class CooledRunner:
    """A runner whose budget follows the conditions that `read` gives, read before a photo and at most every `every_s` seconds."""

    def __init__(
        self,
        runner: Runner,
        read: Callable[[], Conditions],
        governor: Governor = Governor(),
        every_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if runner.policy.budget is None:
            raise BudgetError(
                "heat lowers a budget, and this runner has none that changes; give a budget and a profile, no sweep"
            )
        self.runner, self.read, self.governor, self.every_s, self.clock = runner, read, governor, every_s, clock
        self.heat = Heat()
        self._budget, self._policy, self._read_at = runner.policy.budget, runner.policy, -math.inf

    def __call__(self, photo: Photo, path: int | None = None) -> Prediction:
        if self.clock() - self._read_at >= self.every_s:
            self._read_at = self.clock()
            self.heat = govern(self.governor, self.heat, self.read())
            self.runner.policy = replace(self._policy, budget=self._budget.lowered(self.heat.share))
        return self.runner(photo, path)
