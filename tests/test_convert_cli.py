"""`dsnet-edge convert` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import random_state

from dsnet_edge.arch import preset
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, write_checkpoint


def convert(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "dsnet_edge", "convert", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_random_weights_on_some_of_the_paths(tmp_path: FilePath) -> None:
    output = tmp_path / "bundle"
    done = convert("--arch", "dsmbnet14-32", "--random", 3, "--paths", "4:7", "-o", output, "--to", "sliced")
    assert done.returncode == 0, done.stderr
    assert "model.dsnet" in done.stdout
    assert "3 paths" in done.stdout
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["source"] == {"random_seed": 3}
    assert [path["choice"] for path in manifest["paths"]] == [4, 5, 6]


def test_a_checkpoint_becomes_a_bundle_without_its_teacher(tmp_path: FilePath) -> None:
    arch = preset("dsmbnet14-32")
    spec = InputSpec(32, 32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 32)
    tensors = random_state(arch, np.random.default_rng(0))
    checkpoint = tmp_path / "net.safetensors"
    write_checkpoint(Checkpoint(arch, spec, tuple("abcdefghij"), tensors), checkpoint)
    done = convert(checkpoint, "-o", tmp_path / "bundle", "--to", "sliced")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["source"]["checkpoint"] == "net.safetensors"
    assert len(manifest["paths"]) == 14
    assert (tmp_path / "bundle" / "labels.txt").read_text().splitlines() == list("abcdefghij")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--arch", "dsmbnet14-32"), "either a CHECKPOINT, or --arch with --random"),
        (("--arch", "dsmbnet99", "--random", "0"), "no architecture is called 'dsmbnet99'"),
        (("absent.safetensors",), "absent.safetensors: no such checkpoint"),
        (("--arch", "dsmbnet14-32", "--random", "0", "--to", "tensorrt"), "no target 'tensorrt'"),
        (("--arch", "dsmbnet14-32", "--random", "0", "--paths", "20:30"), "there is no choice 20; the gates choose from 0 to 13"),
        (("--arch", "dsmbnet14-32", "--random", "0", "--paths", "low"), "--paths takes choices and LOW:HIGH"),
        (("--arch", "dsmbnet14-32", "--random", "0", "--paths", "0,14"), "there is no choice 14; the gates choose from 0 to 13"),
        (("--arch", "dsmbnet14-32", "--random", "-1"), "--random"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: FilePath, arguments: tuple[str, ...], reason: str) -> None:
    done = convert(*arguments, "-o", tmp_path / "bundle")
    assert done.returncode == 2, done
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
