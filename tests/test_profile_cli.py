"""`dsnet-edge profile` on this machine, as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from dsnet_edge.profile import read_profile
from dsnet_edge.runtime.bundle import open_bundle

QUICK = ("--blocks", "2", "--seconds", "0.1", "--energy", "none", "--noise", "900%")


def profile(*arguments):
    command = [sys.executable, "-m", "dsnet_edge", "profile", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_every_path_of_every_backend_is_measured(tiny_bundle, tmp_path):
    file = tmp_path / "here.json"
    done = profile(tiny_bundle, *QUICK, "--backend", "sliced,litert,executorch", "-o", file)
    assert done.returncode == 0, done.stderr
    found = read_profile(file)
    assert found.complete and found.bundle == open_bundle(tiny_bundle).info and found.device.kind == "local"
    assert found.device.architecture == os.uname().machine and found.device.ram_bytes > 1 << 28
    assert [(series.backend, series.threads, series.verdict) for series in found.series] == [
        ("sliced", 1, "steady"),
        ("litert", 1, "steady"),
        ("executorch", 1, "steady"),
    ]
    for series in found.series:
        assert [entry.path for entry in series.paths] == [0, 1, 2] and len(series.blocks) == 2
        for summary in (series.open_ms, series.first_run_ms, *(entry.total_ms for entry in series.paths)):
            assert (
                0 < summary.min <= summary.low <= summary.median <= summary.high and summary.median <= summary.p90 <= summary.p99
            )
        for block in series.blocks:
            assert len(block.conditions) >= 2 and len(block.prefix_ms) == sum(len(path.total_ms) for path in block.paths)
            for path in block.paths:  # a total is its three stages
                assert all(total > suffix for total, suffix in zip(path.total_ms, path.suffix_ms, strict=True))
    assert found.preprocess_ms is not None and found.preprocess_ms.median > 0
    for text in ("sliced, 1 thread", "litert, 1 thread", "median ms", "640 x 480", str(file)):
        assert text in done.stdout.replace("\n", " ")


def test_a_series_for_each_number_of_threads_on_the_paths_asked_for(sliced_bundle, tmp_path):
    done = profile(sliced_bundle, *QUICK, "--threads", "1,2", "--paths", "2,0", "--cores", "none", "-o", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    found = read_profile(tmp_path / "a.json")
    assert [(series.threads, series.cores) for series in found.series] == [(1, ()), (2, ())]
    assert [[entry.path for entry in series.paths] for series in found.series] == [[0, 2], [0, 2]]


def test_layers_are_timed_of_every_backend_that_tells_them(tiny_bundle, tmp_path):
    options = ["--backend", "sliced,litert,executorch", "--per-layer", "--paths", "0,2", "-o", tmp_path / "a.json"]
    done = profile(tiny_bundle, *QUICK, *options)
    assert done.returncode == 0, done.stderr
    layers = read_profile(tmp_path / "a.json").layers
    assert layers is not None and layers.peaks.gmadds_per_s > 0
    assert [(path.backend, path.path) for path in layers.paths] == [
        ("sliced", 0), ("sliced", 2), ("executorch", 0), ("executorch", 2),
    ]  # fmt: skip
    assert sum(layer.madds for layer in layers.paths[1].layers) > sum(layer.madds for layer in layers.paths[0].layers) > 0
    assert "path 2 less path 0" in done.stdout


def test_what_is_too_noisy_is_exit_code_1_and_said_to_be_no_result(sliced_bundle, tmp_path):
    done = profile(sliced_bundle, *QUICK, "--noise", "0%", "-o", tmp_path / "a.json")
    assert done.returncode == 1 and "noisy" in done.stdout and "not a result" in done.stdout
    assert read_profile(tmp_path / "a.json").series[0].verdict == "noisy"


def test_an_interrupted_profile_is_kept_and_gone_on_with(sliced_bundle, tmp_path):
    file = tmp_path / "a.json"
    options = ["--blocks", "6", "--seconds", "0.5", "--energy", "none", "--noise", "900%", "-o", str(file)]
    running = subprocess.Popen(
        [sys.executable, "-m", "dsnet_edge", "profile", str(sliced_bundle), *options], stderr=subprocess.PIPE, text=True
    )
    while not file.exists():
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and "--resume" in said and str(file) in said
    cut_off = read_profile(file)
    assert not cut_off.complete and 1 <= len(cut_off.series[0].blocks) < 6
    again = profile(sliced_bundle, *options)
    assert again.returncode == 2 and "--resume" in again.stderr and read_profile(file) == cut_off
    other = profile(sliced_bundle, *options, "--seed", "7", "--resume")
    assert other.returncode == 2 and "another settings" in other.stderr and read_profile(file) == cut_off
    other = profile(sliced_bundle, *options, "--paths", "0,2", "--resume")
    assert other.returncode == 2 and "[0, 1, 2]" in other.stderr and read_profile(file) == cut_off
    done = profile(sliced_bundle, *options, "--resume")
    assert done.returncode == 0, done.stderr
    assert read_profile(file).complete and read_profile(file).series[0].blocks[:1] == cut_off.series[0].blocks[:1]
    assert list(tmp_path.iterdir()) == [file]


def test_a_backend_that_computes_something_else_is_not_timed(sliced_bundle, tmp_path):
    """The golden outputs of another network, with hashes that fit."""
    import hashlib

    import numpy as np

    bundle = tmp_path / "bundle"
    shutil.copytree(sliced_bundle, bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    logits = bundle / manifest["golden"]["logits"]
    np.save(logits, np.load(logits) + 1)
    data = logits.read_bytes()
    manifest["files"][manifest["golden"]["logits"]] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    done = profile(bundle, *QUICK, "-o", tmp_path / "a.json")
    assert done.returncode == 2 and "golden" in done.stderr and not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--device", "telnet://pi"], "ssh://"),
        (["--backend", "numpy"], "numpy"),
        (["--backend", "litert"], "litert"),
        (["--paths", "0,99"], "from 0 to 2"),
        (["--threads", "0"], "--threads"),
        (["--noise", "much"], "--noise"),
        (["--cores", "0-"], "--cores"),
        (["--cores", "0", "--threads", "2"], "--cores names 1"),
        (["--energy", "rapl:nothing"], "--energy rapl:nothing"),
        (["--python=-c"], "--python"),
        (["--backend", "litert", "--per-layer"], "sliced"),
        (["--resume"], "no such file"),
    ],
)
def test_bad_options_are_one_line_and_leave_no_file(sliced_bundle, tmp_path, options, said):
    done = profile(sliced_bundle, *QUICK, "-o", tmp_path / "a.json", *options)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_profile_is_not_overwritten(sliced_bundle, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    done = profile(sliced_bundle, *QUICK, "-o", tmp_path / "letter.txt")
    assert done.returncode == 2 and (tmp_path / "letter.txt").read_text() == "dear"
