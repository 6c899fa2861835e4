"""`dsnet-edge convert --litert-via onnx2tf`: bundles that every command takes like litert-torch's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from test_onnx2tf import needs_environment
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.cache import stage_keys
from dsnet_convert.calibration import Calibration
from dsnet_convert.onnx2tf_process import tool_versions
from dsnet_convert.source import from_checkpoint
from dsnet_convert.verify import verify_bundle
from dsnet_edge import demo
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.oracle import infer
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.manifest import check_manifest, read_manifest

WORDS = ("--arch", "dsmbnet14-32", "--random", 3, "--paths", 0)


@needs_environment
def test_the_demo_model_passes_verify_on_photos(tmp_path: FilePath) -> None:
    source = from_checkpoint(demo.CHECKPOINT, (0, 6, 13))
    write_bundle(source.plan, tmp_path / "demo", ("litert",), source.description, litert_via="onnx2tf")
    report = verify_bundle(tmp_path / "demo", demo.photos(), ("litert",))
    assert report.passed
    (comparison,) = report.comparisons
    assert len(comparison.paths) == 3
    assert report.backends[0].shipped.delegated == (True, True, True)
    manifest = read_manifest(tmp_path / "demo")
    assert manifest["backends"]["litert"]["via"] == "onnx2tf"
    assert manifest["tools"].items() >= tool_versions().items()


@needs_environment
def test_an_int8_bundle_in_one_file_is_near_the_fp32_network(tmp_path: FilePath) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2))
    calibration = Calibration(tiny_images(plan, 16, seed=7), {"images": 16, "sha256": "0" * 64})
    about = {"random_seed": 0}
    write_bundle(plan, tmp_path / "int8", ("litert",), about, precision="int8", calibration=calibration, litert_via="onnx2tf")
    images, runner = tiny_images(plan, 16, seed=9), Runner(tmp_path / "int8", "litert")
    for index, path in enumerate(plan.program.paths):
        exact, exact_scores = infer(plan, images, path)
        found = [runner.infer(image, index) for image in images]
        for expected, actual in ((exact, [s.logits for s in found]), (exact_scores, [s.scores for s in found])):
            noise = ((np.array(actual) - expected) ** 2).sum() / ((expected - expected.mean(0)) ** 2).sum()
            assert noise < 0.5, "a graph that ignores its input has 1"


@needs_environment
def test_the_cache_tells_the_routes_apart() -> None:
    plan = tiny_plan(tiny_arch(n_paths=2))
    keys = [set(stage_keys(plan, target, "fp32", None).values()) for target in ("litert", "onnx2tf")]
    assert not keys[0] & keys[1]


def test_only_litert_has_a_route(tiny_bundle: FilePath) -> None:
    manifest = read_manifest(tiny_bundle)
    manifest["backends"]["litert"]["via"] = "onnx2tf"
    check_manifest(manifest, "manifest.json")
    manifest["backends"]["executorch"]["via"] = "onnx2tf"
    with pytest.raises(BundleError, match=r"backends\.executorch has a field 'via', which is litert's alone"):
        check_manifest(manifest, "manifest.json")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("--to", "litert", "--litert-via", "onnx2tf"),
            "there is no /nowhere/python; build its environment with: make onnx2tf-env",
        ),
        (
            ("--to", "litert", "--litert-via", "tflite"),
            "--litert-via: there is no route 'tflite'; choose from litert-torch, onnx2tf",
        ),
        (("--to", "sliced", "--litert-via", "onnx2tf"), "--litert-via is for --to litert, found --to sliced; leave it out"),
    ],
)
def test_a_route_that_cannot_be_taken_leaves_the_old_bundle(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.setenv("DSNET_ONNX2TF_PYTHON", "/nowhere/python")
    output = tmp_path / "bundle"
    assert _convert("-o", output, "--to", "sliced").returncode == 0
    before = (output / "manifest.json").read_bytes()
    done = _convert("-o", output, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert (output / "manifest.json").read_bytes() == before
    assert list(tmp_path.iterdir()) == [output]


def _convert(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "dsnet_edge", "convert", *map(str, (*WORDS, *arguments))]
    return subprocess.run(words, capture_output=True, text=True, check=False)
