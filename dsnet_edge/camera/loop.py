"""The loop: takes the newest frame, classifies it, publishes the result. One thread does every inference."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.camera.opening import Opening
from dsnet_edge.camera.recent import PathCounts, Rate
from dsnet_edge.camera.settings import Choices
from dsnet_edge.camera.shared import Shared
from dsnet_edge.camera.values import Extremes, Frame, Rates, Result, Settings
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.values import Conditions
from dsnet_edge.runtime.policy import initial
from dsnet_edge.runtime.runner import Runner
from dsnet_edge.runtime.thermal import Governor, Heat, govern

_IDLE_S = 0.05  # between two looks at what viewers want, while there is no frame
_EXTREMES_S = 0.5  # between two answers about extremes, so that those who ask do not slow the others
_JOIN_S = 5.0


class Loop:
    """A context manager: entering opens the runner and starts the thread, leaving stops it. `live` is for viewers.

    `each` is called in the loop's own thread with every result and the settings that led to it. `frames` ends it after so many.
    What ended it early is raised on leaving.
    """

    def __init__(
        self,
        choices: Choices,
        settings: Settings,
        capture: Capture,
        health: HealthWatch,
        governor: Governor | None = None,
        frames: int | None = None,
        each: Callable[[Result, Settings], None] = lambda result, settings: None,
    ) -> None:
        self.live = Shared(choices, settings, capture)
        self._choices, self._capture, self._health = choices, capture, health
        self._governor, self._frames, self._each = governor, frames, each
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)
        self._failure: Exception | None = None
        self._opening: Opening | None = None
        self._led: tuple[float | None, float] | None = None  # the budget, and what heat left of it, that the policy is of
        self._heat = Heat()
        self._felt: Conditions | None = None  # the latest that the governor saw
        self._rate, self._counts = Rate(), PathCounts(choices.bundle.n_paths)
        self._extremes_s = 0.0

    def __enter__(self) -> Loop:
        settings = self.live.settings
        self._runner = Runner(self._choices.bundle, settings.backend, settings.threads)
        self._threads = settings.threads
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._stopping.set()
        self._thread.join(_JOIN_S)
        if self._failure is not None and kind is None:
            raise self._failure

    def _run(self) -> None:
        left = self._frames
        try:
            while left != 0 and not self._stopping.is_set():
                settings = self._exchange(self.live.settings)
                self._lead(settings)
                self._answer()
                if settings.paused:
                    self._stopping.wait(_IDLE_S)
                elif frame := self._capture.take(_IDLE_S):
                    self._classify(frame, settings)
                    left = None if left is None else left - 1
                elif self._capture.ended:
                    break
        except Exception as error:
            self._failure = error
        finally:
            self.live.end()

    def _classify(self, frame: Frame, settings: Settings) -> None:
        prediction = self._runner(frame.pixels, settings.path)
        now = time.monotonic()
        self._rate.add(now)
        self._counts.add(prediction.path)
        rates = Rates(self._capture.rate(), self._rate.value(now))
        result = Result(frame, prediction, rates, self._counts.counts(), self._health.health, self._heat.share)
        self.live.publish(result)
        self._each(result, settings)

    def _exchange(self, wanted: Settings) -> Settings:
        """The settings for the next frame, which are those of the runner at work until another is open."""
        if self._opening is None:
            if (wanted.backend, wanted.threads) == self._at_work:
                return wanted
            result = self.live.result
            self._opening = Opening(self._choices.bundle, wanted.backend, wanted.threads, result.frame.pixels if result else None)
        if self._opening.done:
            opening, self._opening = self._opening, None
            try:
                self._runner, self._threads = opening.result(), opening.threads
                self._led = None
            except DsnetError as error:
                self.live.keep(self._at_work, (opening.backend, opening.threads), str(error))
        backend, threads = self._at_work
        return replace(wanted, backend=backend, threads=threads)

    @property
    def _at_work(self) -> tuple[str, int]:
        return self._runner.backend_name, self._threads

    def _lead(self, settings: Settings) -> None:
        """Makes the runner keep the budget, or what heat left of it. Another budget begins an account of its own."""
        conditions = self._health.conditions
        if self._governor is not None and conditions is not self._felt:
            self._heat, self._felt = govern(self._governor, self._heat, conditions), conditions
        led = settings.budget, self._heat.share
        if led == self._led:
            return
        try:
            policy = self._choices.policy(settings, self._heat.share)
        except DsnetError:  # the costs of the backend that will soon be exchanged are not known
            return
        self._runner.policy = policy
        if self._led is None or self._led[0] != settings.budget:
            self._runner.state = initial(policy)
        self._led = led

    def _answer(self) -> None:
        """Of the newest frame that was classified."""
        asked, result, now = self.live.wanted(), self.live.result, time.monotonic()
        if not asked or result is None or now - self._extremes_s < _EXTREMES_S:
            return
        self._extremes_s = now
        pixels, widest = result.frame.pixels, self._choices.bundle.n_paths - 1
        self.live.answer(asked, Extremes(result.frame.number, self._runner(pixels, 0), self._runner(pixels, widest)))
