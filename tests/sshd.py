"""A real sshd on loopback, as the current user, that looks like a 64-bit Pi. Keys, config and known_hosts are the test's own.

ssh takes `~` from the system's list of users and not from $HOME, so its config is named by a wrapper in front of it on PATH.
"""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

import pytest
from device_side import AARCH64, wait_for, with_path, write_programs


@dataclass(frozen=True)
class Sshd:
    address: str  # for --device
    folder: FilePath  # with known_hosts, keys and configs
    device_bin: FilePath  # the first folder of PATH on the device
    port: int
    server: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which `ssh` uses the test's config."""
        return {"PATH": with_path(self.folder / "bin")}

    def connections(self) -> list[int]:
        """The processes that serve one each."""
        return _children(self.server.pid)

    def cut_connections(self) -> None:
        """As a device that loses its network, and knows. Another process serves a connection with the rights of its user."""
        for child in self.connections():
            helpers = [process for process in _children(child) if FilePath(f"/proc/{process}/comm").read_text() == "sshd\n"]
            for process in (child, *helpers):
                os.kill(process, signal.SIGKILL)


def _children(process: int) -> list[int]:
    return [int(child) for child in FilePath(f"/proc/{process}/task/{process}/children").read_text().split()]


def _key(file: FilePath) -> FilePath:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def start_sshd(folder: FilePath, config: str = "") -> Iterator[Sshd]:
    """`config`: more lines of sshd_config."""
    folder.chmod(0o700)
    if os.getuid() == 0:
        FilePath("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host_key, user_key, port = _key(folder / "host_key"), _key(folder / "user_key"), free_port()
    device_bin = write_programs(folder / "device", AARCH64)
    (folder / "sshd_config").write_text(f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
PidFile none
AuthorizedKeysFile {user_key}.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv PATH={device_bin}:/usr/local/bin:/usr/bin:/bin
{config}
""")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}")
    (folder / "ssh_config").write_text(f"""
Host *
    IdentityFile {user_key}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
""")
    write_programs(folder / "bin", {"ssh": f'#!/bin/sh\nexec /usr/bin/ssh -F {folder}/ssh_config "$@"\n'})
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    try:
        wait_for(lambda: answers(port))
        yield Sshd(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", folder, device_bin, port, server)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    yield from start_sshd(tmp_path_factory.mktemp("sshd"))
