"""A small real `Live`: a Runner over the demo photos, each seen through a window that wanders over it."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
from PIL import Image

from dsnet_edge.camera.values import Extremes, Frame, Health, Rates, Result, Settings, State
from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.policy import Budget, Policy, initial

PHOTOS = FilePath(__file__).parents[1] / "dsnet_edge/demo/photos"
_PER_PHOTO = 60  # frames
_SIZE = (640, 480)


def demo_bundle(folder: FilePath, *targets: str) -> FilePath:
    """Of the demo model, which was trained."""
    from dsnet_convert.bundle import write_bundle
    from dsnet_convert.source import from_checkpoint
    from dsnet_edge.demo import CHECKPOINT

    source = from_checkpoint(CHECKPOINT)
    write_bundle(source.plan, folder / "bundle", targets, source.description)
    return folder / "bundle"


def views() -> Iterator[np.ndarray]:
    """Endless frames `[480, 640, 3]`."""
    photos = [Image.open(file).convert("RGB") for file in sorted(PHOTOS.glob("*.jpg"))]
    for photo in itertools.cycle(photos):
        height = min(photo.height, photo.width * 3 / 4) * 0.8
        room_x, room_y = photo.width - height * 4 / 3, photo.height - height
        for step in range(_PER_PHOTO):
            turn = 2 * math.pi * step / _PER_PHOTO
            x, y = room_x * (1 + math.sin(turn)) / 2, room_y * (1 + math.cos(turn)) / 2
            yield np.asarray(photo.resize(_SIZE, Image.Resampling.BILINEAR, (x, y, x + height * 4 / 3, y + height)))


class DemoLive:
    """Classifies `fps` frames a second, or as many as it can. `frames` counts those that it classified."""

    def __init__(self, bundle: FilePath, fps: float | None = 30.0, health: Health | None = None) -> None:
        opened = open_bundle(bundle)
        self._runners: dict[tuple[str, int], Runner] = {}
        self._bundle, self._fps, self._health = opened, fps, health or Health()
        self._state = State(Settings("sliced", 1, None), opened.backends, "demo photos", opened.name, opened.madds)
        self._result: Result | None = None
        self._extremes: Extremes | None = None
        self._wanted = False
        self._news = threading.Condition()
        self._stopped = False
        self.frames = 0

    @property
    def state(self) -> State:
        return self._state

    @property
    def result(self) -> Result | None:
        return self._result

    def wait(self, after: int, timeout_s: float) -> Result | None:
        with self._news:
            self._news.wait_for(lambda: self._result is not None and self._result.frame.number > after, timeout_s)
            return self._result if self._result is not None and self._result.frame.number > after else None

    def change(self, change: Callable[[Settings], Settings]) -> State:
        with self._news:
            settings = change(self._state.settings)
            if settings.backend not in self._state.backends:
                raise DsnetError(f"no backend is called {settings.backend!r}; choose one of {', '.join(self._state.backends)}")
            if settings.path is not None and not 0 <= settings.path < len(self._state.madds):
                raise DsnetError(f"path {settings.path} is out of range; choose 0 to {len(self._state.madds) - 1}")
            self._state = replace(self._state, settings=settings)
            return self._state

    def say(self, message: str) -> None:
        with self._news:
            self._state = replace(self._state, message=message)

    def extremes(self, timeout_s: float) -> Extremes | None:
        with self._news:
            self._extremes, self._wanted = None, True
            self._news.wait_for(lambda: self._extremes is not None, timeout_s)
            return self._extremes

    @contextmanager
    def running(self) -> Iterator[DemoLive]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._stopped = True
            thread.join()

    def _run(self) -> None:
        paths: deque[int] = deque(maxlen=100)
        times: deque[float] = deque(maxlen=60)
        due = time.monotonic()
        for number, pixels in enumerate(views()):
            due = max(due + (1 / self._fps if self._fps else 0), time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))
            if self._stopped:
                return
            if self._state.settings.paused:
                continue
            frame = Frame(number, pixels, time.monotonic())
            self._publish(frame, paths, times)

    def _publish(self, frame: Frame, paths: deque[int], times: deque[float]) -> None:
        runner = self._runner()
        prediction = runner(frame.pixels, self._state.settings.path)
        paths.append(prediction.path)
        times.append(frame.taken_s)
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
        counts = Counter(paths)
        histogram = tuple(counts[path] for path in range(len(self._bundle.madds)))
        with self._news:
            self._result = Result(frame, prediction, Rates(self._fps or rate, rate), histogram, self._health, 1.0)
            if self._wanted:
                widest = len(self._bundle.madds) - 1
                self._extremes = Extremes(frame.number, runner(frame.pixels, 0), runner(frame.pixels, widest))
                self._wanted = False
            self.frames += 1
            self._news.notify_all()

    def _runner(self) -> Runner:
        settings = self._state.settings
        key = settings.backend, settings.threads
        if key not in self._runners:
            self._runners[key] = Runner(self._bundle, *key)
        runner = self._runners[key]
        policy = self._policy(runner.policy.lean, settings.budget)
        if (policy.budget and policy.budget.amount) != (runner.policy.budget and runner.policy.budget.amount):
            runner.policy, runner.state = policy, initial(policy)
        return runner

    def _policy(self, lean: np.ndarray, share: float | None) -> Policy:
        if share is None:
            return Policy(lean)
        costs = np.array(self._bundle.madds, np.float64)
        return Policy(lean, budget=Budget("ms", costs[0] + share * (costs[-1] - costs[0]), costs))
