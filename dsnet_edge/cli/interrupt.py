"""What a user sees who stops a command that writes something."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from types import FrameType

import typer

from dsnet_edge.signals import SIGNALS


class _Interrupted(KeyboardInterrupt):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def interruptible(output: FilePath, written: str = "is written, and whole") -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP end the block as an error does, so that it cleans up; then one line says whether `output` is
    another by now (`written`), and the exit code is 128 and the signal's number."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Interrupted(number)

    before = _identity(output)
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in previous.items():
        if handler is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, interrupt)
    try:
        yield
    except _Interrupted as interrupted:
        unchanged = "is not written" if before is None else "is what it was"
        outcome = written if _identity(output) != before else unchanged
        typer.echo(f"interrupted: {output} {outcome}", err=True)
        raise typer.Exit(128 + interrupted.number) from None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _identity(folder: FilePath) -> tuple[int, int] | None:
    """Of the folder behind a name, which an exchange changes."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
