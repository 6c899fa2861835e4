"""The camera's loop over the demo photos, each seen through a window that wanders over it, by a camera that can be unplugged."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path as FilePath

import numpy as np
from PIL import Image

from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.camera.loop import Loop
from dsnet_edge.camera.settings import Choices, prices_of, usable_backends
from dsnet_edge.camera.source import CameraError, Feed
from dsnet_edge.camera.values import Health, Settings
from dsnet_edge.demo import CHECKPOINT, photos
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.profiling.conditions import read_conditions
from dsnet_edge.runtime.bundle import open_bundle

SIZE = 640, 480
PER_PHOTO = 60  # frames
PHOTOS = len(photos())


def demo_bundle(folder: FilePath, *targets: str) -> FilePath:
    """Of the demo model, which was trained."""
    from dsnet_convert.bundle import write_bundle
    from dsnet_convert.source import from_checkpoint

    source = from_checkpoint(CHECKPOINT)
    write_bundle(source.plan, folder / "bundle", targets, source.description)
    return folder / "bundle"


def views() -> Iterator[np.ndarray]:
    """Endless frames `[480, 640, 3]`, the same every time."""
    for photo in itertools.cycle([Image.open(file).convert("RGB") for file in photos()]):
        height = min(photo.height, photo.width * 3 / 4) * 0.8
        room_x, room_y = photo.width - height * 4 / 3, photo.height - height
        for step in range(PER_PHOTO):
            turn = 2 * math.pi * step / PER_PHOTO
            x, y = room_x * (1 + math.sin(turn)) / 2, room_y * (1 + math.cos(turn)) / 2
            yield np.asarray(photo.resize(SIZE, Image.Resampling.BILINEAR, (x, y, x + height * 4 / 3, y + height)))


class Camera:
    """A source of `fps` frames a second, frame N the Nth of `views`. While it is unplugged it can be neither read nor opened."""

    def __init__(self, fps: float, frames: Iterator[np.ndarray]) -> None:
        self._fps, self._frames, self._due = fps, frames, time.monotonic()
        self.unplugged = threading.Event()

    def open(self) -> Camera:
        if self.unplugged.is_set():
            raise CameraError("the camera is unplugged")
        return self

    def read(self) -> np.ndarray | None:
        if self.unplugged.is_set():
            raise CameraError("the camera is unplugged")
        self._due = max(self._due + 1 / self._fps, time.monotonic() - 1 / self._fps)
        time.sleep(max(0.0, self._due - time.monotonic()))
        return next(self._frames)

    def close(self) -> None:
        pass


class Running(ExitStack):
    """A loop that runs until this is left. `live` is what viewers see, `camera` what it sees."""

    def __init__(self, bundle: FilePath, fps: float = 30, health: Health | None = None, name: str = "demo photos") -> None:
        super().__init__()
        opened = open_bundle(bundle)
        choices = Choices(opened, usable_backends(opened), prices_of(opened, None, "ms"), needs_budget=False)
        self.camera = Camera(fps, views())
        self.capture = Capture(Feed(name, self.camera.open, lasting=True))
        watch = HealthWatch(FileTree(), None)  # not entered: the device stays as it is said to be
        watch.conditions, watch.health = read_conditions(FileTree()), health or Health()
        self._loop = Loop(choices, Settings("sliced", 1, None), self.capture, watch)
        self.live = self._loop.live

    def __enter__(self) -> Running:
        self.enter_context(self.capture)
        self.enter_context(self._loop)
        return self


def wait_for(happened: Callable[[], bool]) -> None:
    """For a minute at the most."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
