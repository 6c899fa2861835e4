"""`dsnet-edge profile --energy`: of an ARM program on a device behind a real sshd, whose power follows whether it runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from device_side import arm_bench, write_programs
from sshd import Sshd
from test_energy_by_ssh import VCGENCMD

from dsnet_edge.profile import read_profile

# Starts ARM programs by qemu-user, and leaves a file while one runs.
_TIMEOUT = """#!/bin/sh
case $4 in */dsnet-bench) ;; *) exec /usr/bin/timeout "$@" ;; esac
seconds=$3
shift 3
touch {busy}
/usr/bin/timeout -s KILL "$seconds" qemu-aarch64 "$@"
code=$?
rm {busy}
exit $code
"""


def test_every_path_gets_its_energy_above_rest(sshd: Sshd, sliced_bundle, tmp_path):
    """3 A of 0.9 V more than at rest, by the published fit of a Pi 5's rails: 1.1451 x 2.7 W, for the seconds of n inferences."""
    busy, file = sshd.folder / "busy", tmp_path / "pi.json"
    write_programs(sshd.device_bin, {"vcgencmd": VCGENCMD.format(busy=busy), "timeout": _TIMEOUT.format(busy=busy)})
    command = [sys.executable, "-m", "dsnet_edge", "profile", str(sliced_bundle), "--device", sshd.address]
    command += ["--blocks", "2", "--seconds", "0.1", "--noise", "900%", "--energy-seconds", "2.5", "-o", str(file)]
    command += ["--dsnet-bench", str(arm_bench())]
    done = subprocess.run(command, env=os.environ | sshd.environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    energy = read_profile(file).energy
    assert energy is not None and energy.meter.name == "pmic:estimate" and energy.meter.scope == "board"
    assert sorted((entry.backend, entry.threads, entry.path) for entry in energy.paths) == [
        ("sliced", 1, path) for path in range(3)
    ]
    for entry in energy.paths:
        assert entry.seconds > 2.4 and entry.runs > 10
        assert entry.energy_mj == pytest.approx(1.1451 * 2.7 * entry.seconds * 1e3 / entry.runs, rel=0.05)
        assert entry.low < entry.energy_mj < entry.high and entry.verdict == "steady", entry
    assert "pmic:estimate" in done.stdout and "mJ" in done.stdout
