"""Keeps the log lines that native libraries write while they load and unload off the terminal, unless loading fails."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Holds back what the process writes to file descriptor 2; prints it after all if the block raises."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(saved)
            held.seek(0)
            os.write(2, held.read())
            raise
        _restore(saved)


def _restore(saved: int) -> None:
    os.dup2(saved, 2)
    os.close(saved)


@cache
def quiet_unloading() -> None:
    """Closes file descriptor 2 at the end of the process: after the last of Python, before the static objects that libraries have
    made until now are destroyed.
    """
    libc = ctypes.CDLL(None)
    libc["__cxa_atexit"](libc["close"], ctypes.c_void_p(2), None)
