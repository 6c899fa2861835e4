"""A stand-in for the adb daemon of a phone, on loopback, that the real `adb` client talks to: shells, and files by `sync:`.

There is no chroot: /data/local/tmp is a folder of the test, renamed in commands and in what they print. Its shell is FOLDER's
system/bin/sh. `python adb_daemon.py FOLDER [--unauthorized]` prints its port. The protocol is described in AOSP's
packages/modules/adb, protocol.txt and SYNC.TXT.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath

HOME = b"/data/local/tmp"
BANNER = b"device::ro.product.name=fake;ro.product.model=QemuArm64;ro.product.device=fake;features=shell_v2"
VERSION, LARGEST = 0x01000001, 1 << 18
STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)


@dataclass(eq=False)
class Stream:
    """One service that the host has opened."""

    ours: int
    theirs: int
    connection: Connection
    incoming: asyncio.StreamReader = field(default_factory=asyncio.StreamReader)
    may_write: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    async def write(self, data: bytes) -> None:
        """The host acknowledges every message before the next may be sent."""
        for begin in range(0, len(data), LARGEST):
            await self.may_write.wait()
            if self.closed:
                raise ConnectionResetError
            self.may_write.clear()
            self.connection.send(b"WRTE", self.ours, self.theirs, data[begin : begin + LARGEST])
            await self.connection.writer.drain()

    def close(self) -> None:
        self.closed = True
        self.incoming.feed_eof()
        self.may_write.set()


class Connection:
    def __init__(self, root: FilePath, authorized: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.root, self.authorized, self.reader, self.writer = root, authorized, reader, writer
        self.streams: dict[int, Stream] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def send(self, command: bytes, first: int, second: int, data: bytes = b"") -> None:
        (number,) = struct.unpack("<I", command)
        self.writer.write(
            struct.pack("<6I", number, first, second, len(data), sum(data) & 0xFFFFFFFF, number ^ 0xFFFFFFFF) + data
        )

    async def serve(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                command, first, second, length, _, _ = struct.unpack("<4s5I", await self.reader.readexactly(24))
                self.handle(command, first, second, await self.reader.readexactly(length))
        for stream in self.streams.values():
            stream.close()
        await asyncio.gather(*self.tasks)

    def handle(self, command: bytes, first: int, second: int, data: bytes) -> None:
        stream = self.streams.get(second)
        if command == b"CNXN" and self.authorized:
            self.send(b"CNXN", VERSION, LARGEST, BANNER)
        elif command in (b"CNXN", b"AUTH"):
            if (command, first) != (b"AUTH", 3):  # a public key waits for someone who confirms it
                self.send(b"AUTH", 1, 0, bytes(20))
        elif command == b"OPEN":
            opened = Stream(len(self.streams) + 1, first, self)
            self.streams[opened.ours] = opened
            task = asyncio.create_task(self.service(opened, data.rstrip(b"\0")))
            self.tasks.add(task)
        elif stream is not None and command == b"OKAY":
            stream.may_write.set()
        elif stream is not None and command == b"WRTE":
            stream.incoming.feed_data(data)
            self.send(b"OKAY", stream.ours, stream.theirs)
        elif stream is not None and command == b"CLSE":
            stream.close()

    async def service(self, stream: Stream, name: bytes) -> None:
        kind, _, rest = name.partition(b":")
        if kind != b"sync" and not kind.startswith(b"shell"):
            self.send(b"CLSE", 0, stream.theirs)
            return
        self.send(b"OKAY", stream.ours, stream.theirs)
        stream.may_write.set()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await (sync(self.root, stream) if kind == b"sync" else shell(self.root, stream, rest, b"v2" in kind.split(b",")))
        self.send(b"CLSE", stream.ours, stream.theirs)


async def shell(root: FilePath, stream: Stream, line: bytes, v2: bool) -> None:
    """Standard input of the program ends with the stream, as in Android."""
    here = os.fsencode(root) + HOME
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        root / "system/bin/sh", "-c", line.replace(HOME, here), stdin=pipe, stdout=pipe, stderr=pipe, cwd=root,
        env={"PATH": f"{root}/system/bin:{os.environ['PATH']}", "TMPDIR": str(root / "data/local/tmp")},
    )  # fmt: skip
    assert process.stdin and process.stdout and process.stderr

    def packet(number: int, data: bytes) -> bytes:
        return struct.pack("<BI", number, len(data)) + data if v2 else data

    async def forward(source: asyncio.StreamReader, number: int) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 16):
                await stream.write(packet(number, data.replace(here, HOME)))

    async def take_input() -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while v2:
                number, length = struct.unpack("<BI", await stream.incoming.readexactly(5))
                data = await stream.incoming.readexactly(length)
                if number == CLOSE_STDIN:
                    break
                process.stdin.write(data)
                await process.stdin.drain()
        process.stdin.close()

    taking = asyncio.create_task(take_input())
    await asyncio.gather(forward(process.stdout, STDOUT), forward(process.stderr, STDERR))
    code = await process.wait()
    if v2:
        await stream.write(packet(EXIT, bytes([code & 0xFF])))
    taking.cancel()


async def sync(root: FilePath, stream: Stream) -> None:
    while True:
        request, length = struct.unpack("<4sI", await stream.incoming.readexactly(8))
        if request == b"QUIT":
            return
        name = await stream.incoming.readexactly(length)
        if request == b"SEND":
            name, _, mode = name.rpartition(b",")
            await stream.write(await receive(root / os.fsdecode(name).lstrip("/"), int(mode), stream.incoming))
            continue
        file = root / os.fsdecode(name).lstrip("/")
        if request == b"STAT":
            await stream.write(b"STAT" + described(file))
        elif request == b"LIST":
            for inside in sorted(file.iterdir()) if file.is_dir() else ():
                await stream.write(b"DENT" + described(inside) + struct.pack("<I", len(inside.name)) + inside.name.encode())
            await stream.write(b"DONE" + bytes(16))
        elif request == b"RECV":
            async for answer in contents(file):
                await stream.write(answer)


def described(file: FilePath) -> bytes:
    """Mode, size and time; zeros for what is not there."""
    if not file.exists():
        return bytes(12)
    found = file.stat()
    return struct.pack("<3I", found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime))


async def receive(file: FilePath, mode: int, incoming: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while True:
        part, length = struct.unpack("<4sI", await incoming.readexactly(8))
        if part == b"DONE":  # `length` is the time of the file
            break
        data += await incoming.readexactly(length)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(stat.S_IMODE(mode))
    except OSError as error:
        return failed(error)
    return b"OKAY" + bytes(4)


def failed(error: OSError) -> bytes:
    reason = str(error.strerror).encode()
    return b"FAIL" + struct.pack("<I", len(reason)) + reason


async def contents(file: FilePath) -> AsyncIterator[bytes]:
    try:
        with file.open("rb") as source:
            while data := source.read(1 << 16):
                yield b"DATA" + struct.pack("<I", len(data)) + data
    except OSError as error:
        yield failed(error)
    else:
        yield b"DONE" + bytes(4)


async def daemon(root: FilePath, authorized: bool) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(root, authorized, reader, writer).serve()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(daemon(FilePath(sys.argv[1]), "--unauthorized" not in sys.argv))
