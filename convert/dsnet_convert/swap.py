"""Replacing a folder all at once: written beside its final place, then exchanged with what is there.

A run that is killed leaves the old folder whole and a hidden staging folder beside it, which the next run removes: a staging
folder is locked while its process lives, and the kernel drops the lock with the process.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path as FilePath

from dsnet_edge.signals import undisturbed

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staged(output: FilePath) -> Iterator[FilePath]:
    """Yields an empty folder that becomes `output` when the block ends, and vanishes when the block raises."""
    staging = output.with_name(f"{_prefix(output)}{uuid.uuid4().hex[:8]}")
    lock: int | None = None
    made = [parent for parent in output.parents if not parent.exists()]
    replaced = False
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with _alone(output.parent):
            _remove_leftovers(output)
            staging.mkdir()
            lock = _lock(staging)
        yield staging
        with undisturbed(), _alone(output.parent):
            replace_folder(staging, output)
            replaced = True
    finally:
        with undisturbed():
            shutil.rmtree(staging, ignore_errors=True)  # after the exchange this is the old folder
            if lock is not None:
                os.close(lock)
            if not replaced:
                _remove_empty(made)


def remove_leftovers(output: FilePath) -> None:
    """Removes staging folders of `output` whose process is gone, and puts back a folder that was only set aside."""
    with _alone(output.parent):
        _remove_leftovers(output)


def _remove_leftovers(output: FilePath) -> None:
    aside = _aside(output)
    if aside.exists() and not output.exists():
        aside.rename(output)
    shutil.rmtree(aside, ignore_errors=True)
    for leftover in output.parent.iterdir():
        lock = _lock(leftover) if leftover.name.startswith(_prefix(output)) else None
        if lock is not None:
            shutil.rmtree(leftover, ignore_errors=True)
            os.close(lock)


def replace_folder(new: FilePath, old: FilePath) -> None:
    """`new` takes the name `old`. An existing `old` is exchanged in one step where the file system can (then `new` names it)."""
    if not old.exists():
        new.rename(old)
        return
    if _exchange(new, old):
        return
    aside = _aside(old)
    old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        aside.rename(old)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: FilePath, second: FilePath) -> bool:
    """Linux's atomic exchange of two names; False where the kernel, the C library or the file system has none."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(second))


def _prefix(output: FilePath) -> str:
    return f".{output.name}.staging-"


def _aside(output: FilePath) -> FilePath:
    return output.with_name(f".{output.name}.aside")


def _lock(folder: FilePath) -> int | None:
    """An open descriptor that holds the folder's lock, or None where another process holds it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _alone(folder: FilePath) -> Iterator[None]:
    """One process at a time, so that none takes for a leftover what another is about to lock; on file systems that have locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_empty(folders: list[FilePath]) -> None:
    """Innermost first; those that hold something stay."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()
