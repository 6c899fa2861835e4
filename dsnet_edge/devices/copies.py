"""Files on their way to a device: is there room, how they are sent where tar is, did they arrive whole."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from dsnet_edge.devices.program import Program
    from dsnet_edge.devices.shell import ShellDevice

_QUESTION_S = 60.0
_BLOCK = 4096  # bytes; a file takes whole ones


def upload_limit_s(n_bytes: int) -> float:
    """Slower than 100 kB/s is a connection that hangs."""
    return 60 + n_bytes / 100e3


def bytes_of(source: FilePath) -> int:
    return sum(file.stat().st_size for file in _files(source).values())


def check_room(device: ShellDevice, source: FilePath) -> None:
    """DeviceError if the device says that `source` would not fit. One that says nothing is tried."""
    needed = sum(-(-file.stat().st_size // _BLOCK) * _BLOCK for file in _files(source).values())
    said = device.run(["df", "-P", "-k", device.folder], _QUESTION_S).stdout.decode(errors="replace")
    free = re.search(r" (\d{1,15}) +\d{1,3}%", said)
    if free and int(free[1]) * 1024 < needed:
        raise DeviceError(
            f"{device.name}: no space for {source.name}: it needs {needed / 1e6:.1f} MB, "
            f"{device.folder} has {int(free[1]) * 1.024e-3:.1f} MB free"
        )


def send_tar(device: ShellDevice, source: FilePath, name: str, progress: Callable[[float], None]) -> None:
    """Symbolic links are followed; permissions are kept, owners are not."""
    total = max(1, bytes_of(source))
    with device.unpack(upload_limit_s(total)) as program:
        counted = _Counted(program, total, progress)
        with suppress(BrokenPipeError), tarfile.open(fileobj=counted, mode="w|", dereference=True) as archive:
            archive.add(source, name)
        program.end_input()
        for _ in program.chunks():
            pass
        if program.exit_code() != 0:
            raise DeviceError(f"{device.name}: {source.name} could not be written: {last_line(program.stderr())}")


def check_arrival(device: ShellDevice, source: FilePath, name: str) -> None:
    """DeviceError if a file there is not what it is here."""
    sent = {f"{name}/{inside}" if inside else name: _sha256(file) for inside, file in _files(source).items()}
    said = device.run(["find", name, "-type", "f", "-exec", "sha256sum", "{}", "+"], upload_limit_s(bytes_of(source)))
    listed = re.findall(r"^([0-9a-f]{64})  (.+)$", said.stdout.decode(errors="replace"), re.MULTILINE)
    arrived = {file: digest for digest, file in listed}
    _compare(device.name, sent, arrived, last_line(said.stderr))


def _compare(device: str, sent: Mapping[str, str], arrived: Mapping[str, str], reason: str) -> None:
    wrong = [file for file, digest in sent.items() if arrived.get(file) != digest]
    if wrong:
        raise DeviceError(
            f"{device}: {wrong[0]} did not arrive whole ({len(wrong)} of {len(sent)} files); "
            f"the disk there may be full or failing{f': {reason}' if reason else ''}"
        )


def _files(source: FilePath) -> dict[str, FilePath]:
    """By the name inside `source`; empty for `source` itself."""
    if source.is_file():
        return {"": source}
    found = {file.relative_to(source).as_posix(): file for file in sorted(source.rglob("*")) if file.is_file()}
    if not found:
        raise DeviceError(f"{source}: no such file, or a folder without files")
    return found


def _sha256(file: FilePath) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Counted(io.BufferedIOBase):
    """A file to write to that tells how far it is; an archive is slightly larger than its files."""

    def __init__(self, program: Program, total: int, progress: Callable[[float], None]) -> None:
        self._program, self._total, self._progress, self._written = program, total, progress, 0

    def write(self, data: ReadableBuffer) -> int:
        written = self._program.write(bytes(data))
        self._written += written
        self._progress(min(1.0, self._written / self._total))
        return written
