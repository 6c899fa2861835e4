"""What the capture, the loop and those who watch tell each other. Frozen, so that any number of threads may hold one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dsnet_edge.runtime.runner import Prediction


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source: uint8 RGB `[h, w, 3]`, upright, never written to again."""

    number: int  # of the source's pictures, counted from 0; pictures that nobody took are counted too
    pixels: np.ndarray
    taken_s: float  # time.monotonic() when the source gave it


@dataclass(frozen=True)
class Rates:
    """Of the latest few seconds."""

    captured: float  # frames a second that the source gave
    classified: float  # frames a second that were classified


@dataclass(frozen=True)
class Health:
    """Of the device; None where it does not say."""

    celsius: float | None = None
    watts: float | None = None
    meter: str = ""  # the name of the meter that says so


@dataclass(frozen=True, eq=False)
class Result:
    """A frame and what it was taken for."""

    frame: Frame
    prediction: Prediction
    rates: Rates
    paths: tuple[int, ...]  # how often each path was taken, of the latest frames
    health: Health
    share: float  # of the budget that heat has left (dsnet_edge.runtime.thermal); 1 where nothing lowers it


@dataclass(frozen=True)
class Extremes:
    """What the slimmest and the widest path say of one frame."""

    number: int
    slimmest: Prediction
    widest: Prediction


@dataclass(frozen=True)
class Settings:
    """What a viewer may change while it runs."""

    backend: str
    threads: int
    budget: float | None  # 0 to 1, of the way from the slimmest path's cost to the widest's; None: the gate as it was trained
    path: int | None = None  # taken for every frame; None: as the gate says
    paused: bool = False


@dataclass(frozen=True)
class State:
    """What a viewer sees beside the latest result."""

    settings: Settings
    backends: tuple[str, ...]  # that this bundle and this machine have
    source: str  # as people write it
    bundle: str  # its name
    madds: tuple[int, ...]  # of each path
    message: str = ""  # what is wrong, such as a camera that is lost; empty where nothing is
    ended: bool = False  # the source has no more pictures, or the program stops


class Live(Protocol):
    """The running program, as a viewer reaches it. Thread-safe; nothing here waits for an inference except `extremes`."""

    @property
    def state(self) -> State: ...

    @property
    def result(self) -> Result | None:
        """The newest; None before the first."""
        ...

    def wait(self, after: int, timeout_s: float) -> Result | None:
        """The newest result of a frame with a number above `after`, or None when none came in time."""
        ...

    def change(self, change: Callable[[Settings], Settings]) -> State:
        """Applies a change; DsnetError, with nothing changed, for settings that this bundle cannot have."""
        ...

    def extremes(self, timeout_s: float) -> Extremes | None:
        """Of the newest frame, computed between two frames by the loop itself; None when it took too long."""
        ...
