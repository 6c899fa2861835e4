"""A device behind ssh, by the system's OpenSSH client: keys, agents, jump hosts and `~/.ssh/config` work as they do by hand."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from dsnet_edge.devices.copies import send_tar
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.shell import ShellDevice

# A connection that is silent for 20 s is lost. Nothing asks, nothing is forwarded, and what the user's config runs on a host by
# default is not run. Host keys are checked as the config says; by default an unknown one is refused, because nothing can ask.
_OPTIONS = (
    "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3", "LogLevel=ERROR",
    "ControlMaster=auto", "ControlPersist=no", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
    "RemoteCommand=none", "RequestTTY=no", "PermitLocalCommand=no",
)  # fmt: skip


@dataclass(frozen=True)
class SshHost:
    host: str  # a name, an alias of ~/.ssh/config, or an address without brackets
    user: str | None = None  # else as ssh decides
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{f'{self.user}@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}"

    def arguments(self) -> list[str]:
        """Of the ssh command. After `--` nothing is an option."""
        user = ["-l", self.user] if self.user else []
        port = ["-p", str(self.port)] if self.port else []
        return [*user, *port, "--", self.host]

    def known_as(self) -> str:
        """In known_hosts."""
        return f"[{self.host}]:{self.port}" if self.port not in (None, 22) else self.host


@dataclass
class SshTransport:
    """One connection for everything; its socket lies in a folder that only we can enter."""

    host: SshHost
    kind: str = "ssh"
    name: str = field(init=False)
    parents: tuple[str, ...] = ("/var/tmp", "/tmp")

    def __post_init__(self) -> None:
        self.name = str(self.host)

    def __enter__(self) -> SshTransport:
        # A socket's name holds 104 characters at most, which a folder of $TMPDIR may exceed.
        self._folder = tempfile.TemporaryDirectory(prefix="dsnet-ssh-", dir="/tmp", ignore_cleanup_errors=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def client(self, line: str) -> list[str]:
        options = [f"-o{option}" for option in (*_OPTIONS, f"ControlPath={self._folder.name}/socket")]
        return ["ssh", *options, *self.host.arguments(), line]

    def refusal(self, client_code: int, stderr: str) -> str:
        by_hand = shlex.join(["ssh", *(argument for argument in self.host.arguments() if argument != "--")])
        for sign, cause in _CAUSES.items():
            if re.search(sign, stderr):
                return cause.format(
                    host=self.host.host, port=self.host.port or 22, by_hand=by_hand, known_as=self.host.known_as()
                )
        return f"ssh ended with exit code {client_code}: {last_line(stderr) or 'no reason given'}; try {by_hand}"

    def upload(self, device: ShellDevice, source: FilePath, name: str, progress: Callable[[float], None]) -> None:
        send_tar(device, source, name, progress)


# What OpenSSH says, the most telling first.
_CAUSES = {
    "IDENTIFICATION HAS CHANGED": (
        "its host key has changed: the system was installed anew, or another machine pretends to be it; if you know why, forget "
        "the old key with: ssh-keygen -R '{known_as}', then compare the new one with: {by_hand}"
    ),
    "Host key verification failed|host key is known": (
        "its host key is not in known_hosts; connect once by hand and compare the fingerprint: {by_hand}"
    ),
    "Permission denied": "permission denied; it must let you in by a key, without a password: ssh-copy-id, then try {by_hand}",
    "Could not resolve": "there is no host named {host}; check the name, or use its address",
    "Connection refused": "nothing listens on port {port}; on the device: sudo systemctl enable --now ssh",
    "timed out|No route to host|unreachable": "it does not answer; is it on, and in the same network? try: ping {host}",
    "Too many authentication failures": (
        "too many keys were offered; name one for this host in ~/.ssh/config (IdentityFile, IdentitiesOnly yes)"
    ),
}


def ssh_device(host: SshHost) -> ShellDevice:
    return ShellDevice(SshTransport(host))
