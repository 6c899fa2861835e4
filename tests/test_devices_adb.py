"""A phone behind the real adb client: an ARM program runs there, and nothing of it stays, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path as FilePath

import pytest
from adbd import Adbd
from device_side import arm_bench, running, wait_for, write_programs

from dsnet_edge.devices.address import open_device
from dsnet_edge.devices.binary import Processor, bench_for, processor_of
from dsnet_edge.devices.device import DeviceError, LostError
from dsnet_edge.devices.shell import ShellDevice


@pytest.fixture
def device(adbd: Adbd, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShellDevice]:
    for name, value in adbd.environment.items():
        monkeypatch.setenv(name, value)
    with open_device(adbd.address) as opened:
        yield opened
    wait_for(lambda: list(adbd.here("/data/local/tmp").iterdir()) == [])


def forever() -> tuple[str, list[str]]:
    """A mark, and a program that bears it, prints one line and does not end."""
    mark = f"forever-{uuid.uuid4()}"
    return mark, ["sh", "-c", "echo begun; sleep 1000; :", mark]


def test_an_arm_program_and_its_bundle_are_pushed_and_run(device: ShellDevice, sliced_bundle: FilePath) -> None:
    assert processor_of(device) == Processor("aarch64", None)
    program = device.push(bench_for(processor_of(device), arm_bench()), "dsnet-bench")
    there = device.push(sliced_bundle, "bundle")
    argv = [program, f"{there}/model.dsnet", "--golden", f"{there}/golden", "--repeat", "2", "--json", "-"]
    finished = device.run(argv, 60)
    assert finished.exit_code == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["machine"]["architecture"] == "aarch64" and report["golden"]["passed"]


def test_output_error_and_exit_code_are_the_programs(device: ShellDevice) -> None:
    finished = device.run(["sh", "-c", 'pwd; printf "%s|" "$@"; echo broken >&2; exit 255', "sh", "a  b", "$(reboot)"], 20)
    assert (finished.exit_code, finished.stderr) == (255, "broken\n")
    assert finished.stdout.decode() == f"{device.folder}\na  b|$(reboot)|"
    assert device.run(["head", "-c", "3000000", "/dev/zero"], 60).stdout == bytes(3_000_000)


def test_properties_files_and_watches_come_from_the_phone(device: ShellDevice) -> None:
    assert device.tree.command(["getprop", "ro.product.model"]) == "QemuArm64\n"
    with device.tree.watch(["/proc/uptime"], [["uname", "-m"]], 0.05) as watch:
        wait_for(lambda: len(watch.frames()) >= 3)
    assert set(watch.frames()[-1].files) == {"/proc/uptime", "uname -m"}


def test_a_program_whose_time_is_over_is_stopped(device: ShellDevice) -> None:
    mark, argv = forever()
    with pytest.raises(DeviceError, match=r"not finished after 0\.5 s, so it was stopped"):
        device.run(argv, 0.5)
    wait_for(lambda: running(mark) == [])


def test_unplugging_stops_all_there_and_removes_the_folder(device: ShellDevice, adbd: Adbd) -> None:
    mark, argv = forever()
    lines = device.lines(argv, 60)
    assert next(lines) == "begun"
    with (
        pytest.raises(LostError, match=r"^adb:\S+: the connection was lost"),
        device.tree.watch(["/proc/uptime"], [], 0.05) as watch,
    ):
        wait_for(lambda: len(watch.frames()) > 2)
        adbd.unplug()
        next(lines)
    wait_for(lambda: running(mark) == [] and list(adbd.here("/data/local/tmp").iterdir()) == [])
    with pytest.raises(LostError):
        device.run(["true"], 20)
    with pytest.raises(DeviceError, match=r"there is no device|it is offline"):
        open_device(adbd.address).__enter__()


def test_unplugging_while_files_are_sent(device: ShellDevice, adbd: Adbd, tmp_path: FilePath) -> None:
    (tmp_path / "large").write_bytes(bytes(300_000_000))
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(device.push, tmp_path / "large", "large")
        wait_for(lambda: running("push") != [])
        adbd.unplug()
        with pytest.raises(LostError, match=r"^adb:\S+: the connection was lost"):
            pushing.result(60)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_there_when_we_are_killed(adbd: Adbd, number: signal.Signals) -> None:
    mark, argv = forever()
    code = f"""
from dsnet_edge.devices.address import open_device
with open_device("adb") as device:
    for line in device.lines({argv!r}, 60):
        print(line, flush=True)
"""
    ours = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **adbd.environment},
    )
    assert ours.stdout is not None and ours.stdout.readline() == "begun\n"
    assert running(mark) != [] and len(list(adbd.here("/data/local/tmp").iterdir())) == 1
    ours.send_signal(number)
    ours.wait()
    ours.stdout.close()
    wait_for(lambda: running(mark) == [] and list(adbd.here("/data/local/tmp").iterdir()) == [])


def test_a_pushed_folder_keeps_its_names_contents_and_permissions(device: ShellDevice, tmp_path: FilePath) -> None:
    write_programs(tmp_path / "source/inner", {"program": "#!/bin/sh\necho $((6 * 7))\n"})
    (tmp_path / "source/data").write_bytes(os.urandom(300_000))
    there = device.push(tmp_path / "source", "bundle")
    assert device.run([f"{there}/inner/program"], 20).stdout == b"42\n"


def test_a_file_that_cannot_be_written_is_told(device: ShellDevice, tmp_path: FilePath) -> None:
    (tmp_path / "file").write_text("x")
    device.run(["mkdir", "-p", "taken/file"], 20)
    with pytest.raises(DeviceError, match=r"^adb:\S+: \S+ (could not be written|did not arrive whole)"):
        device.push(tmp_path / "file", "taken")
