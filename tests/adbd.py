"""A phone for the real `adb` client: the stand-in of `adb_daemon.py`, and an adb server with a port and keys of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

import pytest
from device_side import AARCH64, running, wait_for, write_programs
from sshd import free_port

_GETPROP = """#!/bin/sh
case $1 in
  ro.product.manufacturer) echo QEMU ;;
  ro.product.model) echo QemuArm64 ;;
  ro.build.version.release) echo 15 ;;
  ro.build.version.sdk) echo 35 ;;
  ro.soc.model) echo QEMU1 ;;
esac
"""
# Android's shell is mksh, and it has no getconf.
_PROGRAMS = {**AARCH64, "getprop": _GETPROP, "getconf": "#!/bin/sh\nexit 127\n"}


@dataclass(frozen=True)
class Adbd:
    """A phone that is connected to an adb server of the test's own."""

    serial: str
    root: FilePath  # of the phone's files
    environment: dict[str, str]  # variables with which `adb` finds it
    daemon: subprocess.Popen[str]

    @property
    def address(self) -> str:
        return f"adb:{self.serial}"

    def here(self, name: str) -> FilePath:
        """A file of the phone."""
        return self.root / name.lstrip("/")

    def unplug(self) -> None:
        self.daemon.kill()
        self.daemon.wait()


def start_adbd(folder: FilePath, environment: dict[str, str], *options: str) -> Iterator[Adbd]:
    root = folder / "phone"
    programs = write_programs(root / "system/bin", _PROGRAMS)
    (root / "data/local/tmp").mkdir(parents=True)
    (programs / "sh").symlink_to(str(shutil.which("mksh")))
    daemon = subprocess.Popen(
        [sys.executable, FilePath(__file__).with_name("adb_daemon.py"), root, *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stdout is not None
        serial = f"127.0.0.1:{daemon.stdout.readline().strip()}"
        subprocess.run(["adb", "connect", serial], env={**os.environ, **environment}, check=True, capture_output=True)
        yield Adbd(serial, root, environment, daemon)
    finally:
        daemon.kill()
        daemon.wait()


@pytest.fixture
def adb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables with which `adb` uses a server of its own, and keys of its own."""
    port = str(free_port())
    environment = {"ANDROID_ADB_SERVER_PORT": port, "HOME": str(tmp_path_factory.mktemp("adb")), "ANDROID_SERIAL": ""}
    yield environment
    subprocess.run(["adb", "kill-server"], env={**os.environ, **environment}, capture_output=True, check=False)
    wait_for(lambda: running(f"tcp:{port}") == [])


@pytest.fixture
def adbd(adb_server: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adbd]:
    yield from start_adbd(tmp_path_factory.mktemp("adbd"), adb_server)
