"""The scripts that run on a device, on this one, under the shells that devices have."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from device_side import running, wait_for, with_path, write_programs

from dsnet_edge.devices import frames, scripts
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.frames import DeviceTree
from dsnet_edge.devices.local import Here, local_device
from dsnet_edge.devices.shell import ShellDevice

# What a device with busybox has of it. Android has mksh, and programs much like busybox's.
_APPLETS = ("sh", "setsid", "timeout", "tar", "sha256sum", "find", "mktemp", "df", "rm", "sleep", "chmod")


@pytest.fixture(params=["dash", "busybox", "mksh", "bash"])
def device(request: pytest.FixtureRequest, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShellDevice]:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in _APPLETS if request.param == "busybox" else ("sh",):
        (programs / name).symlink_to(str(shutil.which(request.param)))
    monkeypatch.setenv("PATH", with_path(programs))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with ShellDevice(Here()) as opened:
        yield opened
    assert not FilePath(opened.folder).exists()


def test_a_program_runs_in_the_folder_and_says_how_it_ended(device: ShellDevice) -> None:
    finished = device.run(["sh", "-c", 'pwd; echo "$@"; echo broken >&2; exit 7', "sh", "a  b", "$(reboot)", "'\"\\"], 20)
    assert finished.exit_code == 7
    assert finished.stdout.decode() == f"{device.folder}\na  b $(reboot) '\"\\\n"
    assert finished.stderr == "broken\n"


def test_a_program_that_is_missing_is_exit_code_127(device: ShellDevice) -> None:
    finished = device.run(["./missing"], 20)
    assert finished.exit_code == 127 and "missing" in finished.stderr


def test_programs_that_end_at_once_end(device: ShellDevice) -> None:
    for _ in range(50):  # a signal that is lost now and then shows
        assert device.run(["true"], 20).exit_code == 0


def test_a_program_gets_no_input(device: ShellDevice) -> None:
    assert device.run(["cat"], 20).stdout == b""


def test_a_program_whose_time_is_over_is_stopped_with_all_that_it_started(device: ShellDevice) -> None:
    mark = f"forever-{uuid.uuid4()}"
    with pytest.raises(DeviceError, match=r"not finished after 0\.5 s, so it was stopped"):
        device.run(["sh", "-c", 'sh -c "sleep 1000; :" "$0" & sleep 1000; :', mark], 0.5)
    wait_for(lambda: running(mark) == [])


def test_a_device_keeps_the_time_by_itself(device: ShellDevice) -> None:
    argv = ["sh", "-c", scripts.GUARD, "sh", "token", device.folder, "0.5", "sleep", "1000"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as guard:
        assert guard.stdout is not None and guard.stderr is not None  # and standard input stays open
        assert (guard.stdout.read(), guard.stderr.read().splitlines()[-1]) == (b"token\n", b"token 137")


def test_what_a_program_leaves_behind_is_stopped_when_it_ends(device: ShellDevice) -> None:
    mark = f"forever-{uuid.uuid4()}"
    device.run(["sh", "-c", 'sh -c "sleep 1000; :" "$0" >/dev/null 2>&1 & :', mark], 20)
    wait_for(lambda: running(mark) == [])


def test_lines_come_as_they_are_printed_and_stop_with_the_iterator(device: ShellDevice) -> None:
    mark = f"forever-{uuid.uuid4()}"
    lines = device.lines(["sh", "-c", "echo first; echo second; sleep 1000; :", mark], 60)
    assert [next(lines), next(lines)] == ["first", "second"]
    assert running(mark) != []
    lines.close()
    wait_for(lambda: running(mark) == [])  # busybox's timeout looks once a second whether its program is gone


def test_lines_of_a_program_that_fails_end_in_its_last_words(device: ShellDevice) -> None:
    lines = device.lines(["sh", "-c", "echo fine; echo no such model >&2; exit 2"], 20)
    assert next(lines) == "fine"
    with pytest.raises(DeviceError, match="sh ended with exit code 2: no such model"):
        next(lines)


def test_output_without_end_is_cut_off(device: ShellDevice) -> None:
    with pytest.raises(DeviceError, match="printed more than 64 MiB, so it was stopped"):
        device.run(["cat", "/dev/zero"], 60)
    with pytest.raises(DeviceError, match="printed a line of more than 1 MiB"):
        next(device.lines(["cat", "/dev/zero"], 60))


def test_a_pushed_folder_keeps_its_names_contents_and_permissions(device: ShellDevice, tmp_path: FilePath) -> None:
    source = tmp_path / "source"
    write_programs(source / "inner folder", {"program": "#!/bin/sh\necho $((6 * 7))\n"})
    (source / "data").write_bytes(os.urandom(300_000))
    (source / "empty").touch()
    seen: list[float] = []
    there = FilePath(device.push(source, "bundle", seen.append))
    assert str(there) == f"{device.folder}/bundle"
    assert (there / "data").read_bytes() == (source / "data").read_bytes() and (there / "empty").exists()
    assert device.run([f"{there}/inner folder/program"], 20).stdout == b"42\n"
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_files_are_read_by_pattern(device: ShellDevice, tmp_path: FilePath) -> None:
    for name, text in {
        "temp": "48300\n",
        "type": "cpu\nthermal",
        "other": "no",
        "long": "x" * 9000 + "\n",
        "$(reboot)": "1\n",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    frame = DeviceTree(device).read(
        [f"{tmp_path}/t*", f"{tmp_path}/f*", f"{tmp_path}/long", f"{tmp_path}/$(reboot)", "/missing/*"]
    )
    assert {FilePath(name).name: text for name, text in frame.files.items()} == {
        "temp": "48300\n", "type": "cpu\nthermal\n", "long": "x" * 4096, "$(reboot)": "1\n",
    }  # fmt: skip
    assert frame.uptime_s == pytest.approx(float(FilePath("/proc/uptime").read_text().split()[0]), abs=30)


def test_commands_that_fail_or_are_missing_are_none(device: ShellDevice) -> None:
    tree = DeviceTree(device)
    assert tree.command(["echo", "throttled=0x0"]) == "throttled=0x0\n"
    assert tree.command(["false"]) is None and tree.command(["missing"]) is None


def test_a_watch_takes_frames_until_its_block_ends(device: ShellDevice, tmp_path: FilePath) -> None:
    file = tmp_path / "temp"
    file.write_text("1\n")
    with DeviceTree(device).watch([str(file)], [["cat", str(file)], ["false"]], 0.05) as watch:
        wait_for(lambda: len(watch.frames()) >= 3)
        file.write_text("2\n")
    taken = watch.frames()
    assert taken[0].files == {str(file): "1\n", f"cat {file}": "1\n"}
    assert taken[-1].files == {str(file): "2\n", f"cat {file}": "2\n"}
    assert [frame.uptime_s for frame in taken] == sorted(frame.uptime_s for frame in taken)
    wait_for(lambda: running(str(file)) == [])


def test_a_watch_that_floods_us_ends(device: ShellDevice, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_MOST_WATCHED", 10_000)
    (tmp_path / "file").write_text("x" * 4000 + "\n")
    with DeviceTree(device).watch([f"{tmp_path}/file"], [], 0.01) as watch:
        wait_for(lambda: len(watch.frames()) == 4 and running(f"{tmp_path}/file") == [])
    assert len(watch.frames()) == 5  # the first, three of 12000 characters, and the last


def test_leaving_the_device_stops_what_still_runs(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    mark = f"forever-{uuid.uuid4()}"
    with local_device() as opened:
        lines = opened.lines(["sh", "-c", "echo begun; sleep 1000; :", mark], 60)
        next(lines)
    assert running(mark) == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_we_are_killed(tmp_path: FilePath, number: signal.Signals) -> None:
    mark = f"forever-{uuid.uuid4()}"
    code = f"""
from dsnet_edge.devices.local import local_device
with local_device() as device:
    for line in device.lines(["sh", "-c", "echo begun; sleep 1000; :", "{mark}"], 60):
        print(line, flush=True)
"""
    ours = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert ours.stdout is not None and ours.stdout.readline() == b"begun\n"
    assert running(mark) != [] and len(list(tmp_path.iterdir())) == 1
    ours.send_signal(number)
    ours.wait()
    ours.stdout.close()
    wait_for(lambda: running(mark) == [] and list(tmp_path.iterdir()) == [])
