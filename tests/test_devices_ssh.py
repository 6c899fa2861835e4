"""A device behind a real sshd: an ARM program runs there, and nothing of it stays, whatever happens in between."""

from __future__ import annotations

import getpass
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from device_side import arm_bench, running, wait_for, write_programs
from sshd import Sshd, start_sshd

from dsnet_edge.devices import copies
from dsnet_edge.devices.address import open_device
from dsnet_edge.devices.binary import bench_for, processor_of
from dsnet_edge.devices.device import DeviceError, LostError
from dsnet_edge.devices.shell import ShellDevice


@pytest.fixture
def device(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShellDevice]:
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    with open_device(sshd.address) as opened:
        yield opened
    wait_for(lambda: not FilePath(opened.folder).exists())


def forever() -> tuple[str, list[str]]:
    """A mark, and a program that bears it, prints one line and does not end."""
    mark = f"forever-{uuid.uuid4()}"
    return mark, ["sh", "-c", "echo begun; sleep 1000; :", mark]


def test_an_arm_program_and_its_bundle_are_pushed_and_run(device: ShellDevice, sliced_bundle: FilePath) -> None:
    program = device.push(bench_for(processor_of(device), arm_bench()), "dsnet-bench")
    there = device.push(sliced_bundle, "bundle")
    argv = [program, f"{there}/model.dsnet", "--golden", f"{there}/golden", "--repeat", "2", "--json", "-"]
    finished = device.run(argv, 60)
    assert finished.exit_code == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["machine"]["architecture"] == "aarch64" and report["golden"]["passed"]
    assert [path["path"] for path in report["paths"]] == [0, 1, 2]


def test_an_arm_program_that_fails_says_why(device: ShellDevice) -> None:
    program = device.push(arm_bench(), "dsnet-bench")
    finished = device.run([program, "missing.dsnet"], 60)
    assert finished.exit_code != 0 and "missing.dsnet" in finished.stderr


def test_one_connection_serves_for_all(device: ShellDevice, sshd: Sshd) -> None:
    for _ in range(3):
        device.run(["true"], 20)
    assert (sshd.folder / "sshd.log").read_text().count("Accepted publickey") == 1


def test_files_and_watches_come_from_the_device(device: ShellDevice) -> None:
    with device.tree.watch(["/proc/self/stat*"], [["uname", "-m"]], 0.05) as watch:
        wait_for(lambda: len(watch.frames()) >= 3)
    frame = watch.frames()[-1]
    assert frame.files["uname -m"] == "aarch64\n" and set(frame.files) == {
        "/proc/self/stat",
        "/proc/self/statm",
        "/proc/self/status",
        "uname -m",
    }


def test_killing_the_client_stops_the_program_there(device: ShellDevice) -> None:
    mark, argv = forever()
    lines = device.lines(argv, 60)
    assert next(lines) == "begun"
    wrappers = [process for process in running_with("ssh") if mark in command_of(process)]
    assert len(wrappers) == 1
    os.kill(wrappers[0], signal.SIGKILL)
    with pytest.raises(LostError, match="the connection was lost"):
        next(lines)
    wait_for(lambda: running(mark) == [])


def test_a_connection_that_is_cut_stops_all_there_and_removes_the_folder(device: ShellDevice, sshd: Sshd) -> None:
    mark, argv = forever()
    lines = device.lines(argv, 60)
    assert next(lines) == "begun"
    with (
        pytest.raises(LostError, match=r"^ssh://\S+: the connection was lost"),
        device.tree.watch(["/proc/uptime"], [], 0.05) as watch,
    ):
        wait_for(lambda: len(watch.frames()) > 2)
        sshd.cut_connections()
        next(lines)
    wait_for(lambda: running(mark) == [] and not FilePath(device.folder).exists())
    with pytest.raises(LostError):
        device.run(["true"], 20)


def test_a_device_that_is_lost_while_files_are_sent(device: ShellDevice, sshd: Sshd, tmp_path: FilePath) -> None:
    (tmp_path / "large").write_bytes(bytes(40_000_000))

    def cut(fraction: float) -> None:
        if fraction > 0.2:
            sshd.cut_connections()

    with pytest.raises(LostError, match=r"^ssh://\S+: the connection was lost"):
        device.push(tmp_path / "large", "large", cut)


def test_a_device_that_takes_no_more_is_not_waited_for(
    device: ShellDevice, sshd: Sshd, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_programs(sshd.device_bin, {"tar": "#!/bin/sh\nhead -c 1000000 >/dev/null\nsleep 2\n"})
    monkeypatch.setattr(copies, "upload_limit_s", lambda n_bytes: 0.5)
    (tmp_path / "large").write_bytes(bytes(40_000_000))
    with pytest.raises(DeviceError, match=r"not finished after 0\.5 s, so it was stopped"):
        device.push(tmp_path / "large", "large")


def test_a_file_that_cannot_be_read_here_is_told(device: ShellDevice, tmp_path: FilePath) -> None:
    with pytest.raises(DeviceError, match="missing: no such file, or a folder without files"):
        device.push(tmp_path / "missing", "missing")
    with pytest.raises(DeviceError, match="is no name for a file on a device"):
        device.push(tmp_path, "../escaped")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_there_when_we_are_killed(sshd: Sshd, number: signal.Signals) -> None:
    mark, argv = forever()
    code = f"""
from dsnet_edge.devices import copies
from dsnet_edge.devices.address import open_device
with open_device({sshd.address!r}) as device:
    print(device.folder, flush=True)
    for line in device.lines({argv!r}, 60):
        print(line, flush=True)
"""
    ours = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **sshd.environment},
    )
    assert ours.stdout is not None
    folder = FilePath(ours.stdout.readline().strip())
    assert ours.stdout.readline() == "begun\n" and folder.is_dir() and running(mark) != []
    ours.send_signal(number)
    ours.wait()
    ours.stdout.close()
    wait_for(lambda: running(mark) == [] and not folder.exists())
    wait_for(lambda: sshd.connections() == [])


def test_a_disk_that_is_too_small_is_told_before(device: ShellDevice, sshd: Sshd, tmp_path: FilePath) -> None:
    df = "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho /dev/root 100 90 10 90% /\n"
    write_programs(sshd.device_bin, {"df": df})
    (tmp_path / "file").write_bytes(bytes(20_000))
    with pytest.raises(DeviceError, match=r"no space for file: it needs 0\.0 MB, /var/tmp/\S+ has 0\.0 MB free"):
        device.push(tmp_path / "file", "file")


def test_a_disk_that_fills_up_meanwhile_is_told(device: ShellDevice, sshd: Sshd, tmp_path: FilePath) -> None:
    tar = "#!/bin/sh\nhead -c 1000000 >/dev/null\necho tar: large: Cannot write: No space left on device >&2\nexit 2\n"
    write_programs(sshd.device_bin, {"tar": tar})
    (tmp_path / "large").write_bytes(bytes(9_000_000))
    with pytest.raises(DeviceError, match="No space left on device"):
        device.push(tmp_path / "large", "large")


def test_a_file_that_arrives_changed_is_told(device: ShellDevice, sshd: Sshd, tmp_path: FilePath) -> None:
    write_programs(sshd.device_bin, {"tar": "#!/bin/sh\ncat >/dev/null\nmkdir bundle\necho other >bundle/b\necho a >bundle/a\n"})
    for name in "ab":
        (tmp_path / name).write_text(f"{name}\n")
    with pytest.raises(DeviceError, match=r"bundle/b did not arrive whole \(1 of 2 files\)"):
        device.push(tmp_path, "bundle")


def test_a_greeting_of_a_login_script_is_no_output(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    greeting = (
        r"""ForceCommand /bin/sh -c 'printf "\033[1mWelcome\033[0m\nfolder /etc\n"; echo hi >&2; eval "$SSH_ORIGINAL_COMMAND"'"""
    )
    server = start_sshd(tmp_path, greeting)
    sshd = next(server)
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    with open_device(sshd.address) as opened:
        assert opened.folder.startswith("/var/tmp/dsnet-edge-")
        assert opened.run(["echo", "output"], 20).stdout == b"output\n"
    server.close()


def test_aliases_jump_hosts_and_odd_settings_of_the_config_work(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    config = sshd.folder / "ssh_config"
    common = f"HostName 127.0.0.1\n    Port {sshd.port}\n    User {getpass.getuser()}\n"
    odd = "ControlMaster yes\n    ControlPath ~/none/%C\n    ControlPersist yes\n    RemoteCommand reboot\n    RequestTTY force\n"
    forward = f"LocalForward {sshd.port} 127.0.0.1:1\n    ExitOnForwardFailure yes\n"
    config.write_text(
        f"Host jump\n    {common}\nHost pi\n    ProxyJump jump\n    {common}    {odd}    {forward}\n{config.read_text()}"
    )
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    with open_device("ssh://pi") as opened:
        assert opened.run(["uname", "-m"], 20).stdout == b"aarch64\n"
        assert len(sshd.connections()) == 2
    wait_for(lambda: sshd.connections() == [] and running("-oBatchMode=yes") == [])


def running_with(program: str) -> list[int]:
    return [process for process in running("-oBatchMode=yes") if command_of(process).split("\0")[0].endswith(program)]


def command_of(process: int) -> str:
    return FilePath(f"/proc/{process}/cmdline").read_text(errors="replace")
