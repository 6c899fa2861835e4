"""Verification: it passes what is right, and finds what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from PIL import Image
from tampering import rewrite
from tiny import tiny_plan

from dsnet_convert.photos import find_photos
from dsnet_convert.sliced import write_sliced
from dsnet_convert.verify import TOLERANCE, compare_gate, compare_path, verify_bundle
from dsnet_edge.errors import DsnetError


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def photos(tmp_path: FilePath) -> FilePath:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(3):
        pixels = generator.integers(0, 256, (4, 5, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def test_every_path_of_every_backend_passes_on_photos(tiny_bundle: FilePath, photos: FilePath) -> None:
    report = verify_bundle(tiny_bundle, find_photos([photos]))
    assert report.passed
    assert report.images == 3
    assert {(result.backend, result.path) for result in report.paths} == {
        (backend, path) for backend in ("sliced", "executorch", "litert", "onnxruntime", "ncnn") for path in range(3)
    }
    assert max(result.relative_error for result in report.paths) < 1e-5
    assert all(gate.same_choice == 3 for gate in report.gates)


def test_the_command_writes_json_and_succeeds(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    done = command("verify", tiny_bundle, "--backend", "litert", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert "litert" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"] is True
    assert [result["path"] for result in report["paths"]] == [0, 1, 2]


def test_other_weights_are_a_miss(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    """model.dsnet of another seed, everything else as it was: exactly what the oracle is there to find."""
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    write_sliced(tiny_plan(seed=1), tmp_path / "other.dsnet")
    rewrite(bundle, "model.dsnet", (tmp_path / "other.dsnet").read_bytes())
    done = command("verify", bundle, "--backend", "litert")
    assert done.returncode == 1, done.stderr
    assert "MISSED" in done.stdout


def test_bad_input_is_one_line_and_exit_code_2(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    (bundle / "litert" / "suffix_01.tflite").unlink()
    (tmp_path / "photo.png").write_bytes(b"no photo")
    for arguments, reason in [
        ((tmp_path / "absent",), "is not a bundle"),
        ((bundle, "--backend", "litert"), "suffix_01.tflite: the file is missing"),
        ((tiny_bundle, "--images", tmp_path / "photo.png"), "not a readable image"),
        ((tiny_bundle, "--backend", "onnx"), "no backend is called 'onnx'"),
    ]:
        done = command("verify", *arguments)
        assert done.returncode == 2, done
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_folder_without_photos_is_named(tmp_path: FilePath) -> None:
    with pytest.raises(DsnetError, match="no images"):
        find_photos([tmp_path])


def test_errors_are_relative_to_the_largest_logit() -> None:
    expected = np.array([[10.0, -1.0], [2.0, 1.0]], np.float32)
    assert compare_path("sliced", 0, expected + np.float32(9e-4), expected).passed
    missed = compare_path("sliced", 0, expected + np.float32(1.1e-3), expected)
    assert not missed.passed
    assert missed.top1_agreement == 1
    assert not compare_path("sliced", 0, np.full_like(expected, np.nan), expected).passed


def test_another_choice_is_a_miss_unless_the_oracle_nearly_ties() -> None:
    expected = np.array([[1.0, 0.5]], np.float32)
    assert not compare_gate("sliced", np.array([[0.5, 1.0]], np.float32), expected).passed
    tie = np.array([[1.0, 1.0 - TOLERANCE["fp32"] / 2]], np.float32)
    result = compare_gate("sliced", np.array([[1.0 - TOLERANCE["fp32"] / 2, 1.0]], np.float32), tie)
    assert (result.passed, result.same_choice, result.near_ties) == (True, 0, 1)
