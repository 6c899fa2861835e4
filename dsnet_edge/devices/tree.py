"""The files of this machine, or of a recorded device: a folder that holds its `/proc` and `/sys`.

A recorded device may have a folder `commands` too: its file `vcgencmd get_throttled` holds what that command prints there.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path as FilePath

from dsnet_edge.devices.device import Frame

LARGEST_FILE = 4096  # bytes that are read of each
_COMMAND_S = 10.0


class FileTree:
    def __init__(self, root: FilePath | str = "/") -> None:
        self.root = FilePath(root)

    def read(self, patterns: Sequence[str]) -> Frame:
        files = {}
        for pattern in patterns:
            for file in sorted(self.root.glob(pattern.lstrip("/"))):
                text = _text(file)
                if text is not None:
                    files[f"/{file.relative_to(self.root)}"] = text
        return Frame(self._uptime(), files)

    def command(self, argv: Sequence[str]) -> str | None:
        if self.root != FilePath("/"):
            return _text(self.root / "commands" / " ".join(argv))
        try:
            finished = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return finished.stdout[:LARGEST_FILE].decode(errors="replace")

    def watch(self, patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float) -> FileWatch:
        return FileWatch(self, patterns, commands, interval_s)

    def _uptime(self) -> float:
        """Of a recorded device 0 where it recorded none."""
        text = _text(self.root / "proc/uptime")
        try:
            return float((text or "0").split()[0])
        except (ValueError, IndexError):
            return 0.0


class FileWatch:
    """A thread that reads until the block ends, once at the start and once at the end at the least."""

    def __init__(self, tree: FileTree, patterns: Sequence[str], commands: Sequence[Sequence[str]], interval_s: float) -> None:
        self._tree, self._patterns, self._commands, self._interval_s = tree, patterns, commands, interval_s
        self._frames: list[Frame] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> FileWatch:
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._take()

    def frames(self) -> list[Frame]:
        return list(self._frames)

    def _go_on(self) -> None:
        while not self._ended.wait(self._interval_s):
            self._take()

    def _take(self) -> None:
        frame = self._tree.read(self._patterns)
        said = {" ".join(argv): self._tree.command(argv) for argv in self._commands}
        self._frames.append(
            Frame(frame.uptime_s, {**frame.files, **{name: text for name, text in said.items() if text is not None}})
        )


def _text(file: FilePath) -> str | None:
    """None where it cannot be read, as some files of /sys now and then."""
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE).decode(errors="replace")
    except OSError:
        return None
