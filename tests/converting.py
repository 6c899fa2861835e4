"""`dsnet-edge convert` as a process, with all that it may touch below one folder: output, temporary files and cache."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any
from uuid import uuid4

import numpy as np
from tiny import random_state, tiny_arch, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, write_checkpoint

Contents = dict[str, bytes]
# The children of a shell's background job ignore Ctrl-C, and so would the command.
_LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
_RUN = "from dsnet_edge.cli import main; main()"


@dataclass(frozen=True)
class Workplace:
    """`output/bundle` is a bundle of other weights than `net.safetensors`, the checkpoint to convert."""

    folder: FilePath
    before: Contents

    @staticmethod
    def make(folder: FilePath) -> Workplace:
        arch = tiny_arch()
        spec = InputSpec(16, 16, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 16)
        tensors = random_state(arch, np.random.default_rng(7))
        write_checkpoint(Checkpoint(arch, spec, tuple("abcde"), tensors), folder / "net.safetensors")
        write_bundle(tiny_plan(), folder / "output" / "bundle", ["sliced"], {"random_seed": 0})
        for name in ("tmp", "cache"):
            (folder / name).mkdir()
        return Workplace(folder, contents(folder / "output"))

    @property
    def checkpoint(self) -> FilePath:
        return self.folder / "net.safetensors"

    @property
    def bundle(self) -> FilePath:
        return self.folder / "output" / "bundle"

    def assert_untouched(self) -> None:
        """The old bundle is there to the byte, and nothing beside it, nor a temporary file."""
        assert contents(self.folder / "output") == self.before
        assert list((self.folder / "tmp").iterdir()) == []


class Conversion:
    """A running command, in a process group of its own as a terminal starts it.

    `patch` is Python that it runs beforehand, `prefix` a command that runs it.
    """

    def __init__(
        self,
        place: Workplace,
        *arguments: object,
        patch: str = "",
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.mark = f"DSNET_EDGE_TEST={uuid4()}"
        words = ["convert", *map(str, arguments)]
        if "-o" not in words:
            words += ["-o", str(place.bundle)]
        name, _, value = self.mark.partition("=")
        folders = {"TMPDIR": str(place.folder / "tmp"), "XDG_CACHE_HOME": str(place.folder / "cache")}
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", f"{_LISTEN}\n{patch}\n{_RUN}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | folders | {name: value} | (environment or {}),
            start_new_session=True,
        )

    def finish(self) -> tuple[int, str]:
        """Exit code and standard error, once it and all its workers have ended."""
        _, error = self.process.communicate(timeout=300)
        wait_until(lambda: not self.processes())
        return self.process.returncode, error

    def processes(self) -> list[int]:
        """It and whatever it started, by the environment that they inherit."""
        return [process for process in _running() if self.mark.encode() in _read(f"/proc/{process}/environ").split(b"\0")]

    def workers(self) -> list[int]:
        return [process for process in self.processes() if b"dsnet_convert.worker" in _read(f"/proc/{process}/cmdline")]

    def send(self, number: signal.Signals, group: bool) -> None:
        """To the whole group, as a terminal does, or to the command alone."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def wait_for(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            assert self.process.poll() is None, self.process.communicate()
            return bool(condition())

        wait_until(met)


def refused(place: Workplace, *arguments: object, **options: Any) -> str:
    """The one line of a conversion that ends with exit code 2 and leaves everything as it was."""
    code, error = Conversion(place, *arguments, **options).finish()
    assert code == 2, error
    assert error.startswith("error: ") and error.endswith("\n") and error.count("\n") == 1, error
    place.assert_untouched()
    return error.removeprefix("error: ").rstrip("\n")


def contents(folder: FilePath) -> Contents:
    """Of every file, by its name; folders and links have none."""
    return {
        entry.relative_to(folder).as_posix(): entry.read_bytes() if entry.is_file() and not entry.is_symlink() else b""
        for entry in folder.rglob("*")
    }


def wait_until(condition: Callable[[], bool]) -> None:
    """Polls for what must come soon; the limit is there to end a test that has failed."""
    end = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _running() -> list[int]:
    return [int(entry.name) for entry in FilePath("/proc").iterdir() if entry.name.isdigit()]


def _read(file: str) -> bytes:
    try:
        return FilePath(file).read_bytes()
    except OSError:
        return b""
