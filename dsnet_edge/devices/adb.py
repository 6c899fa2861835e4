"""A phone behind adb, by Android's platform tool."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from dsnet_edge.devices.copies import bytes_of, upload_limit_s
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.shell import ShellDevice

SERIAL = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:%\[\]()-]{0,127}")
_ANSWER_S = 30.0

_STATES = {
    "unauthorized": "it has not allowed this computer; unlock it and confirm 'Allow USB debugging?'",
    "authorizing": "it has not allowed this computer yet; unlock it and confirm 'Allow USB debugging?'",
    "offline": "it is offline; unplug it and plug it in again, or run: adb reconnect",
    "no permissions": (
        "this user may not use its USB connection; install the rules: sudo apt install android-sdk-platform-tools-common"
    ),
    "recovery": "it is in recovery mode; start Android",
    "sideload": "it is in sideload mode; start Android",
    "bootloader": "it is in its bootloader; start Android",
}


@dataclass
class AdbTransport:
    """`serial`: else $ANDROID_SERIAL, else the only device there is."""

    serial: str | None = None
    kind: str = "adb"
    name: str = field(init=False)
    parents: tuple[str, ...] = ("/data/local/tmp",)  # the one folder where the shell's user may write and start programs

    def __post_init__(self) -> None:
        self.name = f"adb:{self.serial}" if self.serial else "adb"

    def __enter__(self) -> AdbTransport:
        self._serial = choose_serial(attached(), self.serial or os.environ.get("ANDROID_SERIAL") or None)
        return self

    def __exit__(self, *error: object) -> None:
        """The adb server is the user's, and goes on."""

    def client(self, line: str) -> list[str]:
        return ["adb", "-s", self._serial, "shell", "-T", line]

    def refusal(self, client_code: int, stderr: str) -> str:
        return (
            f"adb ended with exit code {client_code}: {last_line(stderr) or 'no reason given'}; try: adb -s {self._serial} shell"
        )

    def upload(self, device: ShellDevice, source: FilePath, name: str, progress: Callable[[float], None]) -> None:
        """By `adb push`, which keeps permissions."""
        argv = ("-s", self._serial, "push", str(source.resolve()), f"{device.folder}/{name}")
        finished = _adb(*argv, timeout_s=upload_limit_s(bytes_of(source)))
        if finished.returncode != 0:
            device.check_connection()
            reason = last_line(finished.stderr) or last_line(finished.stdout)
            raise DeviceError(f"{self.name}: {source.name} could not be written: {reason}")


def attached() -> dict[str, str]:
    """The state of each device, by serial, from the adb server, which is started if need be."""
    finished = _adb("devices", timeout_s=_ANSWER_S)
    if finished.returncode != 0:
        raise DeviceError(f"adb: its server does not start: {last_line(finished.stderr)}")
    lines = (line.split("\t", 1) for line in finished.stdout.splitlines() if "\t" in line)
    return {serial: state.strip() for serial, state in lines if SERIAL.fullmatch(serial)}


def choose_serial(devices: Mapping[str, str], wanted: str | None) -> str:
    """The wanted one, or the only one that is ready. DeviceError that says what is in the way."""
    listed = ", ".join(f"adb:{serial} ({last_line(state)})" for serial, state in devices.items())
    if wanted is None:
        if not devices:
            raise DeviceError(
                "adb: no device; plug one in and turn on USB debugging in its developer options, or run: adb connect HOST"
            )
        ready = [serial for serial, state in devices.items() if state == "device"] or list(devices)
        if len(ready) > 1:
            raise DeviceError(f"adb: there are several devices; name one of {listed}")
        wanted = ready[0]
    if wanted not in devices:
        raise DeviceError(f"adb: there is no device {last_line(wanted)!r}; attached: {listed or 'none'}")
    state = devices[wanted]
    if state != "device":
        cause = next((cause for sign, cause in _STATES.items() if state.startswith(sign)), f"its state is {last_line(state)!r}")
        raise DeviceError(f"adb:{wanted}: {cause}")
    return wanted


def _adb(*arguments: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["adb", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise DeviceError("adb is not installed here; install it with: sudo apt install adb") from error
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"adb: no answer to adb {arguments[0]} in {timeout_s:.0f} s; try: adb kill-server") from error


def adb_device(serial: str | None) -> ShellDevice:
    return ShellDevice(AdbTransport(serial))
