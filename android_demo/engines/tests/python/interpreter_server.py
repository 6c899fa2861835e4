"""LiteRT's interpreter for a parent process: what the classes of stubs/ run on.

A call is a number of fields, each a length and its bytes (32-bit, big-endian): a verb, then its arguments. The answer is a
byte, 0 or 1 where the call was refused, and fields again; one with the reason, where it was.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any, BinaryIO

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Server:
    def __init__(self) -> None:
        self.interpreters: dict[str, Any] = {}
        self.opened = 0

    def version(self) -> list[str]:
        return [version("ai-edge-litert")]

    def open(self, path: bytes, threads: bytes) -> list[str]:
        self.opened += 1
        handle = str(self.opened)
        self.interpreters[handle] = Interpreter(model_path=path.decode(), num_threads=int(threads))
        return [handle]

    def close(self, handle: bytes) -> list[str]:
        del self.interpreters[handle.decode()]
        return []

    def signatures(self, handle: bytes) -> Iterable[str]:
        return self.interpreters[handle.decode()].get_signature_list()

    def names(self, handle: bytes, signature: bytes, side: bytes) -> Iterable[str]:
        return self._details(handle, signature, side)

    def tensor(self, handle: bytes, signature: bytes, side: bytes, name: bytes) -> list[str]:
        detail = self._details(handle, signature, side)[name.decode()]
        scale, zero_point = detail["quantization"]
        dtype = np.dtype(detail["dtype"])
        return [dtype.name.upper(), str(int(np.prod(detail["shape"])) * dtype.itemsize), repr(float(scale)), str(zero_point)]

    def run(self, handle: bytes, signature: bytes, *inputs: bytes) -> Iterator[str | bytes]:
        details = self._details(handle, signature, b"input")
        arrays = {}
        for name, content in zip(inputs[::2], inputs[1::2], strict=True):
            detail = details[name.decode()]
            arrays[name.decode()] = np.frombuffer(content, detail["dtype"]).reshape(detail["shape"])
        for output, array in self._runner(handle, signature)(**arrays).items():
            yield from (output, array.tobytes())

    def _runner(self, handle: bytes, signature: bytes) -> Any:
        return self.interpreters[handle.decode()].get_signature_runner(signature.decode())

    def _details(self, handle: bytes, signature: bytes, side: bytes) -> dict[str, Any]:
        runner = self._runner(handle, signature)
        return runner.get_input_details() if side == b"input" else runner.get_output_details()


def _read(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        sys.exit(0)  # the parent has ended
    return content


def _int(stream: BinaryIO) -> int:
    (value,) = struct.unpack(">i", _read(stream, 4))
    return value


def _answer(stream: BinaryIO, failed: bool, fields: Iterable[str | bytes]) -> None:
    parts = [field if isinstance(field, bytes) else field.encode() for field in fields]
    stream.write(struct.pack(">?i", failed, len(parts)))
    for part in parts:
        stream.write(struct.pack(">i", len(part)) + part)
    stream.flush()


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # LiteRT may print
    server = Server()
    while True:
        verb, *arguments = [_read(sys.stdin.buffer, _int(sys.stdin.buffer)) for _ in range(_int(sys.stdin.buffer))]
        try:
            fields = list(getattr(server, verb.decode())(*arguments))
        except (ValueError, RuntimeError, KeyError) as error:
            _answer(out, True, [str(error)])
        else:
            _answer(out, False, fields)


if __name__ == "__main__":
    main()
