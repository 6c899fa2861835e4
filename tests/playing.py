"""A device that is played: its clock goes on when a test lets it, and its meter tells what the test says it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.readings import matching
from dsnet_edge.energy.arithmetic import Cell, Loop


@dataclass
class Played:
    """`tell` makes the files and the output of commands from (uptime, watts, joules since the start)."""

    tell: Callable[[float, float, float], Mapping[str, str]]
    idle_w: Callable[[float], float] = lambda second: 3.0
    load_w: float = 2.0  # above idle
    run_s: float = 0.01  # of one inference
    start_s: float = 0.4  # of a process, before its loop
    now_s: float = 1000.0
    joules: float = 0.0
    loaded: bool = False
    ran: list[tuple[Cell, float]] = field(default_factory=list)
    watches: list[PlayedWatch] = field(default_factory=list)

    def read(self, patterns: Sequence[str]) -> Frame:
        said = self.tell(self.now_s, self.watts, self.joules)
        wanted = "|".join(pattern.replace("*", "[^/]*") for pattern in patterns) or "-"
        return Frame(self.now_s, {match[0]: text for match, text in matching(said, wanted)})

    def command(self, argv: Sequence[str]) -> str | None:
        return self.tell(self.now_s, self.watts, self.joules).get(" ".join(argv))

    def watch(self, patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float) -> PlayedWatch:
        return PlayedWatch(self, [*patterns, *(" ".join(argv) for argv in commands)], interval_s)

    @property
    def watts(self) -> float:
        return self.idle_w(self.now_s) + (self.load_w if self.loaded else 0.0)

    def wait(self, seconds: float) -> None:
        """In steps of 10 ms; what is watched is read when its time comes."""
        for _ in range(round(seconds * 100)):
            self.joules += self.watts * 0.01
            self.now_s = round(self.now_s + 0.01, 2)
            for watch in self.watches:
                watch.look()

    def run_loop(self, cell: Cell, seconds: float) -> Loop:
        self.ran.append((cell, seconds))
        self.loaded = True
        self.wait(self.start_s)
        begin_s, runs = self.now_s, round(seconds / self.run_s)
        self.wait(seconds)
        end_s, self.loaded = self.now_s, False
        return Loop(runs, begin_s, end_s)


@dataclass
class PlayedWatch:
    device: Played
    patterns: list[str]
    interval_s: float
    seen: list[Frame] = field(default_factory=list)

    def __enter__(self) -> PlayedWatch:
        self.device.watches.append(self)
        self.seen.append(self.device.read(self.patterns))
        return self

    def __exit__(self, *error: object) -> None:
        self.device.watches.remove(self)

    def look(self) -> None:
        if self.device.now_s >= self.seen[-1].uptime_s + self.interval_s - 1e-6:
            self.seen.append(self.device.read(self.patterns))

    def frames(self) -> list[Frame]:
        return list(self.seen)
