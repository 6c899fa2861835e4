"""The short version of benchmarks/camera_soak.py, and that it would see a leak."""

from __future__ import annotations

import subprocess
import sys

from watching import ROOT, script

SOAK = script("benchmarks/camera_soak.py")


def test_memory_threads_and_files_stay_while_viewers_change_everything(sliced_bundle, video):
    argv = [
        sys.executable,
        ROOT / "benchmarks/camera_soak.py",
        sliced_bundle,
        "--video",
        video,
        "--minutes",
        "0.2",
        "--every",
        "0.1",
    ]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    frames = int(finished.stdout.partition(" frames;")[0].splitlines()[-1])
    assert frames > 50, finished.stdout


def test_a_leak_is_seen():
    steady = [SOAK.Reading(second, 80 << 20, 4, 7) for second in range(100)]
    leaking = [SOAK.Reading(second, (80 << 20) + second * 10_000, 4, 7) for second in range(100)]
    at_first = [SOAK.Reading(second, (80 - max(0, 20 - second)) << 20, 4, 7) for second in range(100)]
    assert abs(SOAK.growth_bytes(steady)) < 1 and abs(SOAK.growth_bytes(at_first)) < 1
    assert abs(SOAK.growth_bytes(leaking) - 74 * 10_000) < 1
