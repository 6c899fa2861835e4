"""How the device is: its temperature, and its power by a meter, read beside the loop."""

from __future__ import annotations

import threading

from dsnet_edge.camera.values import Health
from dsnet_edge.devices.device import Tree
from dsnet_edge.energy.account import power
from dsnet_edge.energy.errors import MeterError
from dsnet_edge.energy.meter import Meter
from dsnet_edge.profile.values import Conditions
from dsnet_edge.profiling.conditions import read_conditions

_EVERY_S = 2.0  # a power is the mean of as long


class HealthWatch:
    """A context manager: entering reads the conditions once, then a thread goes on. A meter that fails says nothing."""

    def __init__(self, tree: Tree, meter: Meter | None) -> None:
        self._tree, self._meter = tree, meter
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def __enter__(self) -> HealthWatch:
        self.conditions: Conditions = read_conditions(self._tree)
        self.health = health_of(self.conditions, None, self._meter)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(2 * _EVERY_S)

    def _run(self) -> None:
        while not self._ended.is_set():
            watts = self._watts()
            self.conditions = read_conditions(self._tree)
            self.health = health_of(self.conditions, watts, self._meter)

    def _watts(self) -> float | None:
        """Each time with a watch of its own, as a watch keeps all it saw."""
        if self._meter is None:
            self._ended.wait(_EVERY_S)
            return None
        try:
            with self._meter.watch(self._tree) as watch:
                self._ended.wait(_EVERY_S)
            account = self._meter.account(watch.frames())
        except MeterError:
            self._ended.wait(_EVERY_S)
            return None
        found = power(account, account.at_s[0], account.at_s[-1])
        return found.watts if found else None


def health_of(conditions: Conditions, watts: float | None, meter: Meter | None) -> Health:
    """The temperature is that of the hottest part, as the governor sees it."""
    return Health(max(conditions.celsius.values(), default=None), watts, meter.name if meter else "")
