"""What a device can do, whichever way it is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Protocol

from dsnet_edge.errors import DsnetError


class DeviceError(DsnetError):
    """A device that cannot be used: unreachable, unplugged, full, of another architecture."""


class LostError(DeviceError):
    """The connection ended; the device may come back."""


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: bytes  # at most 64 MiB; more is a DeviceError
    stderr: str  # the end of it


@dataclass(frozen=True)
class Frame:
    """Files of a tree at one moment."""

    uptime_s: float  # of the device's clock that never jumps
    files: Mapping[str, str]  # the text of each, by its absolute name


class Watch(Protocol):
    """Frames taken on the device until the block ends: `with tree.watch(...) as watch: ...; watch.frames()`."""

    def __enter__(self) -> Watch: ...

    def __exit__(self, *error: object) -> None: ...

    def frames(self) -> list[Frame]:
        """So far; after the block, all of them."""
        ...


class Tree(Protocol):
    """The readable text files of a device, and of a recorded one: `/proc`, `/sys` and the like."""

    def read(self, patterns: Sequence[str]) -> Frame:
        """Every file that matches a pattern (absolute; `*` within a name) and can be read, cut to 4 KiB."""
        ...

    def command(self, argv: Sequence[str]) -> str | None:
        """What a program that only tells something, such as `vcgencmd get_throttled`, prints; None if it is missing or fails."""
        ...

    def watch(self, patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float) -> Watch:
        """Frames of these files, and of the commands' output under the name of the command (its words, joined by spaces)."""
        ...


class Device(Protocol):
    """A context manager: leaving it removes `folder` and stops whatever runs there. Nothing else of the device changes."""

    kind: str  # local, ssh or adb
    folder: str  # of ours on the device, absolute
    tree: Tree

    def __enter__(self) -> Device: ...

    def __exit__(self, *error: object) -> None: ...

    def push(self, source: FilePath, name: str, progress: Callable[[float], None] = lambda fraction: None) -> str:
        """Copies a file or folder to `folder/name`, with its permissions; returns where it is."""
        ...

    def run(self, argv: Sequence[str], timeout_s: float) -> Finished:
        """Runs a program in `folder` and waits. A program that is still running then is stopped, there too: DeviceError."""
        ...

    def lines(self, argv: Sequence[str], timeout_s: float) -> Iterator[str]:
        """The lines it prints on standard output, as they come; it is stopped when the iterator is closed. A failing exit code is
        a DeviceError with the last line of its standard error."""
        ...
