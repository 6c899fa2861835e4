"""`Live` itself: what viewers read and the loop writes, behind one lock that nobody holds while anything is computed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.settings import Choices
from dsnet_edge.camera.values import Extremes, Result, Settings, State
from dsnet_edge.errors import DsnetError


class Shared:
    """For viewers what `Live` promises; `publish`, `keep`, `wanted`, `answer` and `end` are for the loop."""

    def __init__(self, choices: Choices, settings: Settings, capture: Capture) -> None:
        choices.check(settings)
        self._choices, self._capture = choices, capture
        self._changed = threading.Condition()
        self._settings = settings
        self._result: Result | None = None
        self._message, self._ended = "", False
        self._asked = self._answered = 0  # how often extremes were
        self._extremes: Extremes | None = None

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def result(self) -> Result | None:
        return self._result

    @property
    def state(self) -> State:
        bundle, message = self._choices.bundle, self._capture.message or self._message
        return State(self._settings, self._choices.backends, self._capture.name, bundle.name, bundle.madds, message, self._ended)

    def wait(self, after: int, timeout_s: float) -> Result | None:
        """At once where there will be none: `state.ended`."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._number > after, timeout_s)
            return self._result if self._number > after else None

    def change(self, change: Callable[[Settings], Settings]) -> State:
        with self._changed:
            settings = change(self._settings)
            self._choices.check(settings)
            self._settings, self._message = settings, ""
            self._changed.notify_all()
        return self.state

    def extremes(self, timeout_s: float) -> Extremes | None:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answered >= asked or self._ended, max(0.0, deadline - time.monotonic()))
            return self._extremes if self._answered >= asked else None

    def publish(self, result: Result) -> None:
        with self._changed:
            self._result = result
            self._changed.notify_all()

    def keep(self, at_work: tuple[str, int], tried: tuple[str, int], message: str) -> None:
        """The backend and threads at work, as those tried could not be opened; without a budget if they cannot have this one."""
        with self._changed:
            if (self._settings.backend, self._settings.threads) != tried:
                return  # something else is wanted by now
            kept = replace(self._settings, backend=at_work[0], threads=at_work[1])
            try:
                self._choices.check(kept)
            except DsnetError:
                kept = replace(kept, budget=None)
            self._settings, self._message = kept, message
            self._changed.notify_all()

    def wanted(self) -> int:
        """How often extremes were asked for, where that was not answered yet; else 0."""
        with self._changed:
            return self._asked if self._asked > self._answered else 0

    def answer(self, asked: int, extremes: Extremes) -> None:
        """Everyone who had asked by the time that `wanted` said so."""
        with self._changed:
            self._answered, self._extremes = asked, extremes
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def _number(self) -> int:
        return -1 if self._result is None else self._result.frame.number
