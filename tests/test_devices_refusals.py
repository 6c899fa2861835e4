"""Why there is no connection, or no folder, in one line with what to do. By a real ssh and sshd wherever they can be made so."""

from __future__ import annotations

import getpass
from pathlib import Path as FilePath

import pytest
from device_side import write_programs
from sshd import Sshd, free_port, start_sshd

from dsnet_edge.devices import shell
from dsnet_edge.devices.address import open_device, parse_ssh
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.ssh import SshTransport


@pytest.fixture
def device(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    return sshd


def refusal(address: str) -> str:
    with pytest.raises(DeviceError) as refused, open_device(address):
        pytest.fail("it was opened")
    text = str(refused.value)
    assert text.startswith(f"{address}: ") and text.isprintable()
    return text


def test_a_port_where_nothing_listens(device: Sshd) -> None:
    port = free_port()
    assert f"nothing listens on port {port}; on the device: sudo systemctl enable" in refusal(f"ssh://127.0.0.1:{port}")


def test_a_host_that_there_is_not(device: Sshd) -> None:
    assert "there is no host named raspberry.invalid" in refusal("ssh://raspberry.invalid")


def test_a_host_key_that_is_not_known(device: Sshd) -> None:
    (device.folder / "known_hosts").write_text("")
    text = refusal(device.address)
    assert (
        "its host key is not in known_hosts; connect once by hand" in text
        and f"ssh -l {getpass.getuser()} -p {device.port} 127.0.0.1" in text
    )
    assert (device.folder / "known_hosts").read_text() == ""


def test_a_host_key_that_has_changed(device: Sshd) -> None:
    other = (device.folder / "user_key.pub").read_text()
    (device.folder / "known_hosts").write_text(f"[127.0.0.1]:{device.port} {other}")
    text = refusal(device.address)
    assert "its host key has changed" in text and f"ssh-keygen -R '[127.0.0.1]:{device.port}'" in text
    assert (device.folder / "known_hosts").read_text().endswith(other)


def test_a_key_that_does_not_let_us_in(device: Sshd) -> None:
    (device.folder / "user_key.pub").write_text("")
    assert "permission denied; it must let you in by a key" in refusal(device.address)


def test_no_ssh_on_this_machine(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="ssh is not installed here; install it with: sudo apt install openssh-client"):
        open_device("ssh://host").__enter__()


@pytest.mark.parametrize(
    ("said", "explained"),
    [
        ("ssh: connect to host 10.0.0.9 port 22: Connection timed out", "it does not answer"),
        ("ssh: connect to host 10.0.0.9 port 22: No route to host", "it does not answer"),
        ("ssh: connect to host 10.0.0.9 port 22: Network is unreachable", "it does not answer"),
        ("Connection timed out during banner exchange", "it does not answer"),
        ("Received disconnect from 10.0.0.9 port 22:2: Too many authentication failures", "too many keys were offered"),
        ("\x1b]0;pwned\x07 strange\r\n", "ssh ended with exit code 255: ]0;pwned  strange; try ssh 10.0.0.9"),
    ],
)
def test_what_ssh_says_of_networks_that_are_not_here(said: str, explained: str) -> None:
    assert explained in SshTransport(parse_ssh("ssh://10.0.0.9")).refusal(255, said)


# A device without these, or with others in their place.
@pytest.mark.parametrize(
    ("programs", "explained"),
    [
        ({"mktemp": "echo mktemp: not found >&2; exit 127"}, "tried /var/tmp and /tmp: mktemp: not found"),
        ({"mktemp": "echo mktemp: No space left on device >&2; exit 1"}, "No space left on device"),
        ({"chmod": ":"}, "no folder in which programs can be written and started"),  # as if mounted noexec
    ],
)
def test_a_device_without_a_folder_for_us(device: Sshd, programs: dict[str, str], explained: str) -> None:
    made = device.folder / "made"
    mktemp = f'/usr/bin/mktemp "$@" | tee -a {made}'
    scripts = {name: f"#!/bin/sh\n{text}\n" for name, text in {"mktemp": mktemp, **programs}.items()}
    write_programs(device.device_bin, scripts)
    assert explained in refusal(device.address)
    folders = made.read_text().split() if made.exists() else []
    assert len(folders) == (2 if "chmod" in programs else 0) and not any(FilePath(folder).exists() for folder in folders)


@pytest.mark.parametrize(
    "answer", ["/etc", "/var/tmp", "/var/tmp/../../etc", "/var/tmp/dsnet-edge-$(date)", "/var/tmp/dsnet-edge-\033[2Jxx"]
)
def test_a_folder_that_we_did_not_ask_for_is_no_folder(device: Sshd, answer: str) -> None:
    hostile = f"#!/bin/dash\necho \"$4\"\necho 'folder {answer}'\nexec cat\n"  # for sh -c SCRIPT sh TOKEN ...
    write_programs(device.device_bin, {"sh": hostile})
    assert "made a folder of an unexpected name" in refusal(device.address)


@pytest.mark.parametrize(
    ("command", "explained"),
    [
        ("yes", "prints without end when it is connected to; look at its login scripts"),
        ("cat", "not finished after 3 s, so it was stopped"),
        ("echo This account is not available; exit 1", "ssh ended with exit code 1: no reason given"),
    ],
)
def test_a_device_that_does_something_else(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, command: str, explained: str
) -> None:
    monkeypatch.setattr(shell, "_OPENING_S", 3.0)
    monkeypatch.setattr("dsnet_edge.devices.program._STOPPING_S", 1.0)
    server = start_sshd(tmp_path, f"ForceCommand {command}")
    sshd = next(server)
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    assert explained in refusal(sshd.address)
    server.close()
