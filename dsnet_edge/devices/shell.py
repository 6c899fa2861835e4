"""A device that runs lines of sh, whatever carries them: see `scripts.py` for what happens there."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Protocol

from dsnet_edge.devices import scripts
from dsnet_edge.devices.copies import check_arrival, check_room
from dsnet_edge.devices.device import DeviceError, Finished, LostError, Tree
from dsnet_edge.devices.frames import DeviceTree
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.program import Program

_OPENING_S = 45.0
_MARGIN_S = 5.0  # the device stops a program itself if we do not, this much later
_LARGEST_OUTPUT = 64 << 20  # bytes


class Transport(Protocol):
    """A way to a device. A context manager, for what it needs on this side."""

    kind: str
    name: str  # as people write it, such as ssh://pi@raspberrypi
    parents: tuple[str, ...]  # where a folder may be made, the best first

    def __enter__(self) -> Transport: ...

    def __exit__(self, *error: object) -> None: ...

    def client(self, line: str) -> list[str]:
        """The command here that runs a line of sh there, and carries standard input, output and error."""
        ...

    def refusal(self, client_code: int, stderr: str) -> str:
        """Why there is no connection, and what to do, from what the client said."""
        ...

    def upload(self, device: ShellDevice, source: FilePath, name: str, progress: Callable[[float], None]) -> None: ...


class ShellDevice:
    """A `Device`. The script that made `folder` there removes it when the connection ends, however it ends."""

    def __init__(self, transport: Transport, tree: Tree | None = None) -> None:
        self.kind, self.name, self.folder = transport.kind, transport.name, ""
        self.tree: Tree = DeviceTree(self) if tree is None else tree
        self._transport = transport
        self._stack = contextlib.ExitStack()
        self._keeper: Program | None = None
        self._programs: list[Program] = []

    def __enter__(self) -> ShellDevice:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._transport)
            keeper = stack.enter_context(self._program(scripts.KEEP, self._transport.parents, _OPENING_S))
            self.folder = self._folder_of(keeper)
            self._keeper = keeper
            stack.callback(self._stop_programs)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()  # the programs, then the folder, then the connection
        self._keeper = None

    def push(self, source: FilePath, name: str, progress: Callable[[float], None] = lambda fraction: None) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise DeviceError(f"{name!r} is no name for a file on a device; use letters, digits, '.', '_' and '-'")
        try:
            check_room(self, source)
            self._transport.upload(self, source, name, progress)
            check_arrival(self, source, name)
        except OSError as error:
            raise DeviceError(f"{error.filename}: {error.strerror}; it cannot be sent to {self.name}") from error
        progress(1.0)
        return f"{self.folder}/{name}"

    def run(self, argv: Sequence[str], timeout_s: float) -> Finished:
        with self.start(argv, timeout_s) as program:
            output = bytearray()
            for chunk in program.chunks():
                output += chunk
                if len(output) > _LARGEST_OUTPUT:
                    raise DeviceError(f"{self.name}: {argv[0]} printed more than {_LARGEST_OUTPUT >> 20} MiB, so it was stopped")
            return Finished(program.exit_code(), bytes(output), program.stderr())

    def lines(self, argv: Sequence[str], timeout_s: float) -> Iterator[str]:
        with self.start(argv, timeout_s) as program:
            yield from program.lines()
            code = program.exit_code()
            if code != 0:
                raise DeviceError(f"{self.name}: {argv[0]} ended with exit code {code}: {last_line(program.stderr())}")

    def start(self, argv: Sequence[str], timeout_s: float) -> Program:
        """A program that has begun; it is stopped when its block, or the device's, is left."""
        seconds = str(round(timeout_s + _MARGIN_S))
        return self._open(scripts.GUARD, (self.folder, seconds, *argv), timeout_s)

    def unpack(self, timeout_s: float) -> Program:
        """What unpacks the tar archive that is written to it, in the folder."""
        return self._open(scripts.UNPACK, (self.folder,), timeout_s)

    def check_connection(self) -> None:
        """LostError if it has ended, or is about to: it may take a moment until all clients notice."""
        if self._keeper is None or self._keeper.ends_within(2.0):
            raise self._lost(0, "")

    def _open(self, script: str, arguments: Sequence[str], timeout_s: float) -> Program:
        if self._keeper is None:
            raise DeviceError(f"{self.name}: is not open; use it in a with block")
        if self._keeper.ended:
            raise self._lost(0, "")
        program = self._program(script, arguments, timeout_s)
        self._programs = [*(before for before in self._programs if not before.ended), program]
        return program

    def _stop_programs(self) -> None:
        for program in self._programs:
            program.stop()

    def _program(self, script: str, arguments: Sequence[str], timeout_s: float) -> Program:
        token = secrets.token_hex(8)
        line = shlex.join(["sh", "-c", script, "sh", token, *arguments])
        return Program(self._transport.client(line), token, self.name, timeout_s, self._lost)

    def _lost(self, client_code: int, stderr: str) -> DeviceError:
        if self._keeper is None:
            return DeviceError(f"{self.name}: {self._transport.refusal(client_code, stderr)}")
        reason = last_line(stderr)
        return LostError(f"{self.name}: the connection was lost{f' ({reason})' if reason else ''}")

    def _folder_of(self, keeper: Program) -> str:
        """The one thing a device says that becomes a name there: only one that we might have asked for."""
        for line in keeper.lines():
            parent, _, name = line.removeprefix("folder ").rpartition("/")
            if parent in self._transport.parents and re.fullmatch(r"dsnet-edge-[A-Za-z0-9._-]{8}", name):
                return f"{parent}/{name}"
            raise DeviceError(f"{self.name}: made a folder of an unexpected name: {last_line(line)!r}")
        keeper.exit_code()
        raise DeviceError(
            f"{self.name}: no folder in which programs can be written and started; "
            f"tried {' and '.join(self._transport.parents)}: {last_line(keeper.stderr()) or 'no reason given'}"
        )
