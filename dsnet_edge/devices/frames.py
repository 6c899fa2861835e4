"""The files of a device behind a connection, as frames: asked for, and taken apart again without trust."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dsnet_edge.devices import scripts
from dsnet_edge.devices.device import DeviceError, Frame

if TYPE_CHECKING:
    from dsnet_edge.devices.shell import ShellDevice

LARGEST_FILE = 4096  # characters that are kept of each
_MOST_FILES = 4096  # in a frame
_MOST_WATCHED = 64 << 20  # characters of a whole watch
_LONGEST_WATCH_S = 24 * 3600.0
_QUESTION_S = 30.0


class DeviceTree:
    """A `Tree` whose every question is a script on the device."""

    def __init__(self, device: ShellDevice) -> None:
        self._device = device

    def read(self, patterns: Sequence[str]) -> Frame:
        return self.take(patterns, ())

    def take(self, patterns: Sequence[str], commands: Sequence[Sequence[str]]) -> Frame:
        said = self._device.run(frame_argv(patterns, commands, 0.0, 1), _QUESTION_S)
        for frame in parse_frames(said.stdout.decode(errors="replace").split("\n"), patterns, commands):
            return frame
        raise DeviceError(f"{self._device.name}: cannot read its files; expected /proc and /sys, as Linux has them")

    def command(self, argv: Sequence[str]) -> str | None:
        finished = self._device.run(argv, _QUESTION_S)
        return finished.stdout[:LARGEST_FILE].decode(errors="replace") if finished.exit_code == 0 else None

    def watch(self, patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float) -> DeviceWatch:
        return DeviceWatch(self._device, self, patterns, commands, interval_s)


class DeviceWatch:
    """A script that goes on by itself on the device, and a thread here that takes what it prints.

    A connection that is lost ends the frames, as does a device that floods us; whoever uses it next is told of a loss.
    """

    def __init__(
        self,
        device: ShellDevice,
        tree: DeviceTree,
        patterns: Sequence[str],
        commands: Sequence[Sequence[str]],
        interval_s: float,
    ) -> None:
        self._tree, self._patterns, self._commands = tree, patterns, commands
        self._frames: list[Frame] = []
        argv = frame_argv(patterns, commands, interval_s, round(_LONGEST_WATCH_S / interval_s))
        self._start = lambda: device.start(argv, _LONGEST_WATCH_S)

    def __enter__(self) -> DeviceWatch:
        self._frames.append(self._tree.take(self._patterns, self._commands))
        self._program = self._start()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._program.end_input()
        self._thread.join()
        self._program.stop()
        if error[0] is None:
            self._frames.append(self._tree.take(self._patterns, self._commands))

    def frames(self) -> list[Frame]:
        return list(self._frames)

    def _collect(self) -> None:
        size = 0
        with contextlib.suppress(DeviceError):
            for frame in parse_frames(self._program.lines(), self._patterns, self._commands):
                self._frames.append(frame)
                size += sum(map(len, frame.files.values()))
                if size > _MOST_WATCHED:
                    break
        self._program.stop()


def frame_argv(patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float, count: int) -> list[str]:
    """The program that prints `count` frames."""
    names = [" ".join(command) for command in commands]
    return ["sh", "-c", scripts.FRAMES, "sh", f"{interval_s:g}", str(count), str(len(patterns)), *patterns, *names]


def parse_frames(lines: Iterable[str], patterns: Sequence[str], commands: Sequence[Sequence[str]]) -> Iterator[Frame]:
    """What the script prints, one frame at its end. Files that nobody asked for are dropped, as is a frame that breaks off."""
    asked = re.compile("|".join([*map(_expression, patterns), *(re.escape(" ".join(command)) for command in commands)]))
    uptime_s = 0.0
    texts: dict[str, str] | None = None  # of the frame that has begun
    kept: str | None = None  # the file that the next lines are of
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "frame":
            uptime_s, texts, kept = _seconds(value), {}, None
        elif texts is None:
            continue
        elif line.startswith(" "):
            if kept is not None:
                texts[kept] = f"{texts[kept]}{value}\n"[:LARGEST_FILE]
        elif word == "file":
            kept = value if asked.fullmatch(value) and len(texts) < _MOST_FILES else None
            if kept is not None:
                texts[kept] = ""
        elif line == "end":
            yield Frame(uptime_s, texts)
            texts = None


def _expression(pattern: str) -> str:
    """Of the names that a shell makes of it: a `*` stands for no '/', and for no name that begins with a dot."""
    return re.sub(r"(^|/)\\\*", r"\1(?!\\.)\\*", re.escape(pattern)).replace(r"\*", r"[^/\x00-\x1f\x7f]*")


def _seconds(text: str) -> float:
    """Of /proc/uptime, '5093.42 18745.80'; 0 where a device has none."""
    found = re.match(r"\d{1,12}(\.\d{1,9})?(?=\s|$)", text)
    return float(found[0]) if found else 0.0
