"""What a meter is: what to watch while work runs, and how the frames of the watch become energy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dsnet_edge.devices.device import Frame, Tree, Watch
from dsnet_edge.energy.account import Account

Scope = Literal["cpu", "board", "device", "supply"]


@dataclass(frozen=True)
class Meter:
    """`watch` begins to watch it, on the device or here. `account` is a function of what was watched; it raises MeterError."""

    name: str  # results of different names are never compared
    scope: Scope
    about: str  # what it sees, for people
    watch: Callable[[Tree], Watch]
    account: Callable[[Sequence[Frame]], Account]


@dataclass(frozen=True)
class Finding:
    """The usable meters of one kind, the best first, and what keeps others from being usable."""

    meters: tuple[Meter, ...] = ()
    hint: str = ""


def watching(
    files: Sequence[str] = (), commands: Sequence[Sequence[str]] = (), interval_s: float = 0.1
) -> Callable[[Tree], Watch]:
    """Ten times a second: a loop of 10 s has 100 readings, and reading costs the device about 1 % of a core."""
    return lambda tree: tree.watch(files, commands, interval_s)


def readings(frames: Sequence[Frame], value: Callable[[Mapping[str, str]], float | None]) -> list[tuple[float, float]]:
    """(seconds, value) of every frame that has one: a file may be missing now and then."""
    return [(frame.uptime_s, found) for frame in frames if (found := value(frame.files)) is not None]
