"""`dsnet-edge profile` behind a real sshd and behind the real adb client; the ARM program runs by qemu-user."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path as FilePath

import pytest
from adbd import Adbd
from device_side import arm_bench, wait_for, write_programs
from sshd import Sshd

from dsnet_edge.profile import read_profile

QUICK = ("--blocks", "2", "--seconds", "0.1", "--energy", "none", "--noise", "900%")


def start(device, environment, *arguments):
    """`python` is on the device, which is this machine after all."""
    bench = [] if "--dsnet-bench" in arguments else ["--dsnet-bench", str(arm_bench())]
    command = [sys.executable, "-m", "dsnet_edge", "profile", "--device", device, *map(str, arguments), *bench]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def profile(device, environment, *arguments):
    running = start(device, environment, *arguments)
    stdout, stderr = running.communicate(timeout=300)
    return subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)


def lose_after_a_block(running, file, lose):
    """The connection; the one line that is said then tells how to go on."""
    while not file.exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    lose()
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2 and "--resume" in said and said.count("\n") == 1, said


def folders_of(sshd: Sshd) -> list[FilePath]:
    """That the device has made for us, by now and from now on."""
    made = sshd.folder / "made"
    if not made.exists():
        made.touch()
        write_programs(sshd.device_bin, {"mktemp": f'#!/bin/sh\n/usr/bin/mktemp "$@" | tee -a {made}\n'})
    return [FilePath(name) for name in made.read_text().split()]


def test_a_pi_without_python_is_measured_through_ssh(sshd: Sshd, sliced_bundle, tmp_path):
    folders_of(sshd)
    done = profile(sshd.address, sshd.environment, sliced_bundle, *QUICK, "--threads", "1,2", "-o", tmp_path / "pi.json")
    assert done.returncode == 0, done.stderr
    found = read_profile(tmp_path / "pi.json")
    assert found.complete and found.device.kind == "ssh" and found.device.architecture == "aarch64"
    assert [(series.backend, series.threads) for series in found.series] == [("sliced", 1), ("sliced", 2)]
    assert all(series.runtime.startswith("dsnet-bench, neon") for series in found.series)
    assert [[entry.path for entry in series.paths] for series in found.series] == [[0, 1, 2]] * 2
    assert found.preprocess_ms is None  # there was no Python of ours to prepare photos
    assert folders_of(sshd)
    wait_for(lambda: not any(folder.exists() for folder in folders_of(sshd)))


def test_a_pi_with_our_package_runs_the_other_backends_too(sshd: Sshd, tiny_bundle, tmp_path):
    options = ["--backend", "sliced,litert", "--python", sys.executable, "-o", tmp_path / "pi.json"]
    done = profile(sshd.address, sshd.environment, tiny_bundle, *QUICK, *options)
    assert done.returncode == 0, done.stderr
    sliced, litert = read_profile(tmp_path / "pi.json").series
    assert sliced.runtime.startswith("dsnet-bench") and litert.runtime.startswith("ai_edge_litert")
    assert [entry.path for entry in litert.paths] == [0, 1, 2]


def test_a_phone_is_measured_through_adb(adbd: Adbd, sliced_bundle, tmp_path):
    done = profile(adbd.address, adbd.environment, sliced_bundle, *QUICK, "--per-layer", "-o", tmp_path / "phone.json")
    assert done.returncode == 0, done.stderr
    found = read_profile(tmp_path / "phone.json")
    assert found.layers is not None and [path.path for path in found.layers.paths] == [0, 1, 2]
    assert found.device.kind == "adb" and found.device.name == "QEMU QemuArm64" and found.device.system == "Android 15"
    assert [entry.path for entry in found.series[0].paths] == [0, 1, 2] and found.series[0].verdict == "steady"
    wait_for(lambda: not list(adbd.here("/data/local/tmp").iterdir()))


def test_a_phone_that_is_unplugged_leaves_a_profile_to_go_on_with(adbd: Adbd, sliced_bundle, tmp_path):
    file = tmp_path / "phone.json"
    options = ["--blocks", "40", "--seconds", "0.3", "--energy", "none", "--noise", "900%", "-o", file]
    lose_after_a_block(start(adbd.address, adbd.environment, sliced_bundle, *options), file, adbd.unplug)
    found = read_profile(file)
    assert not found.complete and found.series[0].blocks and found.series[0].verdict == "incomplete"


def test_a_lost_pi_is_gone_on_with_after_it_is_back(sshd: Sshd, sliced_bundle, tmp_path):
    file = tmp_path / "pi.json"
    options = ["--blocks", "4", "--seconds", "0.3", "--energy", "none", "--noise", "900%", "-o", file]
    lose_after_a_block(start(sshd.address, sshd.environment, sliced_bundle, *options), file, sshd.cut_connections)
    blocks = read_profile(file).series[0].blocks
    done = profile(sshd.address, sshd.environment, sliced_bundle, *options, "--resume")
    assert done.returncode == 0, done.stderr
    found = read_profile(file)
    assert found.complete and found.series[0].blocks[: len(blocks)] == blocks and len(found.series[0].blocks) == 4


def test_a_program_for_another_processor_is_refused_before_anything_is_copied(sshd: Sshd, sliced_bundle, tmp_path):
    done = profile(sshd.address, sshd.environment, sliced_bundle, "--dsnet-bench", "/bin/ls", "-o", tmp_path / "pi.json")
    assert done.returncode == 2 and "x86_64" in done.stderr and "aarch64" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize("printed", ['{"runs": 1e999}', "\x1b]0;owned\x07", "x" * 100_000])
def test_a_device_that_prints_nonsense_is_refused_in_one_printable_line(sshd: Sshd, sliced_bundle, tmp_path, printed):
    """Instead of the ARM program a script answers for it, through the stand-in that starts programs."""
    (tmp_path / "said").write_text(printed)
    timeout = f'#!/bin/sh\ncase $4 in *dsnet-bench) exec cat {tmp_path / "said"};; esac\nexec /usr/bin/timeout "$@"\n'
    (sshd.device_bin / "timeout").write_text(timeout)
    done = profile(sshd.address, sshd.environment, sliced_bundle, *QUICK, "-o", tmp_path / "pi.json")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr.rstrip("\n").isprintable(), done.stderr[-500:]
    assert "record" in done.stderr and not (tmp_path / "pi.json").exists()
