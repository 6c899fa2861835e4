"""Lines of text that arrive on this machine, as frames at the device's uptime. No terminal settings are needed beforehand."""

from __future__ import annotations

import contextlib
import os
import stat
import termios
import threading
import time
import tty
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.energy.errors import MeterError

TEXT = "lines"  # the name of a frame's text
_INTERVAL_S = 0.05
_LARGEST = 64 << 10  # bytes that are read at once
_LONGEST_LINE = 1 << 10
_MOST = 64 << 20  # bytes of one watch


def watch_lines(file: FilePath, tree: Tree) -> LineWatch:
    return LineWatch(file, tree)


class LineWatch:
    """A thread that reads what arrives while the block runs. Of a regular file: the first line, and then only what is new."""

    def __init__(self, file: FilePath, tree: Tree) -> None:
        self._file, self._tree = file, tree
        self._frames: list[Frame] = []
        self._rest, self._read, self._error = b"", 0, ""
        self._torn = False  # until the end of a line that began before us
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> LineWatch:
        before = time.monotonic()
        uptime = self._tree.read([]).uptime_s
        self._ahead = uptime - (before + time.monotonic()) / 2  # of the device's clock; wrong by half of what asking took
        try:
            self._handle = os.open(self._file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            self._settings = _raw(self._handle)
            self._skip_old()
        except (OSError, termios.error) as error:
            raise MeterError(f"{self._file}: cannot be read ({error}); a serial line may need the group dialout") from error
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._settings is not None:
            with contextlib.suppress(termios.error):  # unplugged
                termios.tcsetattr(self._handle, termios.TCSANOW, self._settings)
        os.close(self._handle)

    def frames(self) -> list[Frame]:
        """Raises MeterError if the meter was unplugged, or says more than a meter."""
        if self._error:
            raise MeterError(f"{self._file}: {self._error}; measure again")
        return list(self._frames)

    def _skip_old(self) -> None:
        if stat.S_ISREG(os.fstat(self._handle).st_mode):
            first, found, _ = os.read(self._handle, _LONGEST_LINE).partition(b"\n")
            if found:
                self._frames.append(Frame(time.monotonic() + self._ahead, {TEXT: first.decode(errors="replace") + "\n"}))
                os.lseek(self._handle, -1, os.SEEK_END)  # the end of a line, or what comes next is the rest of one
                self._torn = True
            else:
                os.lseek(self._handle, 0, os.SEEK_SET)

    def _go_on(self) -> None:
        while not self._error and not self._ended.wait(_INTERVAL_S):
            self._take()

    def _take(self) -> None:
        """Whole lines only: the last one may be torn, and is finished by what comes next."""
        try:
            said = os.read(self._handle, _LARGEST)
        except BlockingIOError:
            return
        except OSError as error:
            self._error = f"the meter is gone ({os.strerror(error.errno or 0)})"
            return
        if not said and self._settings is not None:  # the end of a file that grows, but of a serial line that it was unplugged
            self._error = "the meter is gone (unplugged)"
        self._read += len(said)
        if self._read > _MOST:
            self._error = f"more than {_MOST} bytes; not a meter's lines"
        if self._torn:
            _, ended, said = said.partition(b"\n")
            self._torn = not ended
        lines, found, self._rest = (self._rest + said).rpartition(b"\n")
        self._rest = self._rest[-_LONGEST_LINE:]
        if found:
            self._frames.append(Frame(time.monotonic() + self._ahead, {TEXT: lines.decode(errors="replace") + "\n"}))


def _raw(handle: int) -> list[Any] | None:
    """A serial line without echo and without a line editor; its settings before that. None of what is no terminal."""
    if not os.isatty(handle):
        return None
    settings = termios.tcgetattr(handle)
    tty.setraw(handle, termios.TCSANOW)
    return settings
