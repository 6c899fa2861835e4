"""What `--device` says. Nothing that begins with '-' gets to ssh or adb, where it would be an option."""

from __future__ import annotations

import re

from dsnet_edge.devices.adb import SERIAL, adb_device
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.local import local_device
from dsnet_edge.devices.shell import ShellDevice
from dsnet_edge.devices.ssh import SshHost, ssh_device

FORMS = "local, ssh://[USER@]HOST[:PORT] or adb[:SERIAL]"

_WORD = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}"
_SSH = re.compile(
    rf"ssh://(?:(?P<user>{_WORD})@)?(?:(?P<host>{_WORD})|\[(?P<ipv6>[0-9A-Fa-f:.]{{2,45}}(?:%[A-Za-z0-9_.-]+)?)\])(?::(?P<port>[0-9]{{1,5}}))?/?"
)


def open_device(text: str) -> ShellDevice:
    """The device, not yet connected to: `with open_device("ssh://pi@raspberrypi") as device:`."""
    if text == "local":
        return local_device()
    if text.startswith("ssh://"):
        return ssh_device(parse_ssh(text))
    word, colon, serial = text.partition(":")
    if word == "adb" and (not colon or SERIAL.fullmatch(serial)):
        return adb_device(serial or None)
    raise DeviceError(f"--device {text!r}: expected {FORMS}")


def parse_ssh(text: str) -> SshHost:
    found = _SSH.fullmatch(text)
    if found is None:
        raise DeviceError(f"--device {text!r}: expected ssh://[USER@]HOST[:PORT], an IPv6 address in brackets, and no password")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise DeviceError(f"--device {text!r}: expected a port from 1 to 65535, found {port}")
    return SshHost(found["host"] or found["ipv6"], found["user"], port)
