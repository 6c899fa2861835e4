"""A program on a device, seen from here: the client (ssh, adb, sh) that carries its input and output."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from dsnet_edge.devices.device import DeviceError

_LONGEST_GREETING = 1 << 16  # bytes, of a login script
_LONGEST_LINE = 1 << 20
_STDERR_KEPT = 1 << 16
_STOPPING_S = 10.0


class Program:
    """Runs a script of `scripts.py` by way of a client. Leaving the block stops it, on the device too.

    The client does not share our terminal: Ctrl-C ends us, and we end the client after what needs it.
    `lost(exit code of the client, standard error)` is the error for an end without the token.
    """

    def __init__(
        self, client: Sequence[str], token: str, name: str, timeout_s: float, lost: Callable[[int, str], DeviceError]
    ) -> None:
        self._token, self._name, self._timeout_s, self._lost = token.encode(), name, timeout_s, lost
        self._deadline = time.monotonic() + timeout_s
        self._stderr = b""
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(client, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
        except FileNotFoundError as error:
            raise DeviceError(
                f"{client[0]} is not installed here; install it with: sudo apt install {_PACKAGES[client[0]]}"
            ) from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        os.set_blocking(self._process.stdin.fileno(), False)  # a device that hangs must not hang us
        self._stdin, self._stdout, self._stderr_pipe = self._process.stdin, self._process.stdout, self._process.stderr
        self._collector = threading.Thread(target=self._collect_stderr, daemon=True)
        self._collector.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ends_within(self, wait_s: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(wait_s)
        return self.ended

    def write(self, data: bytes) -> int:
        """To its standard input, until `end_input`. BrokenPipeError if it has ended, and `exit_code` says why."""
        view = memoryview(data)
        while view and not self._stdin.closed:
            if not select.select([], [self._stdin], [], self._left_s())[1]:
                raise self._time_is_over()
            view = view[self._stdin.write(view) or 0 :]
        return len(data)

    def end_input(self) -> None:
        """The sign to end, for any script of ours; what it still prints can be read."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    def chunks(self) -> Iterator[bytes]:
        """What it prints on standard output, as it comes, until it ends."""
        mark, greeting = self._token + b"\n", b""
        while chunk := self._read():
            greeting += chunk
            _, found, first = greeting.partition(mark)
            if found:
                if first:
                    yield first
                break
            if len(greeting) > _LONGEST_GREETING:
                self.stop()
                raise DeviceError(f"{self._name}: prints without end when it is connected to; look at its login scripts")
        while chunk := self._read():
            yield chunk

    def lines(self) -> Iterator[str]:
        rest = b""
        for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
            if len(rest) > _LONGEST_LINE:
                self.stop()
                raise DeviceError(f"{self._name}: printed a line of more than {_LONGEST_LINE >> 20} MiB")
        if rest:
            yield rest.decode(errors="replace")

    def exit_code(self) -> int:
        """After its output has ended. What `lost` says if the connection ended and not the program."""
        try:
            client_code = self._process.wait(self._left_s() + 1)
        except subprocess.TimeoutExpired:
            raise self._time_is_over() from None
        self._collector.join(_STOPPING_S)
        end = self._end()
        if end is None:
            raise self._lost(client_code, self._stderr.decode(errors="replace"))
        return int(end[1])

    def stderr(self) -> str:
        """The end of it, without the token."""
        end = self._end()
        return (self._stderr if end is None else self._stderr[: end.start()]).decode(errors="replace")

    def stop(self) -> None:
        self.end_input()
        deadline = time.monotonic() + _STOPPING_S
        if not self._stdout.closed:
            while (left := deadline - time.monotonic()) > 0 and self._ready(left) and os.read(self._stdout.fileno(), 1 << 16):
                pass
            try:
                self._process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._stdout.close()
        self._collector.join(_STOPPING_S)

    def _read(self) -> bytes:
        """Empty at the end."""
        if self._stdout.closed:
            return b""
        if not self._ready(self._left_s()):
            raise self._time_is_over()
        return os.read(self._stdout.fileno(), 1 << 16)

    def _left_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _ready(self, wait_s: float) -> bool:
        return bool(select.select([self._stdout], [], [], wait_s)[0])

    def _time_is_over(self) -> DeviceError:
        self.stop()
        return DeviceError(f"{self._name}: not finished after {self._timeout_s:g} s, so it was stopped")

    def _end(self) -> re.Match[bytes] | None:
        return re.search(re.escape(self._token) + rb" ([0-9]{1,3})\n", self._stderr)

    def _collect_stderr(self) -> None:
        with self._stderr_pipe as stream:
            while chunk := stream.read(1 << 16):
                self._stderr = (self._stderr + chunk)[-_STDERR_KEPT:]


_PACKAGES = {"ssh": "openssh-client", "adb": "adb", "sh": "dash"}
