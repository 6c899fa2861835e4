"""The layer table: it blames the op that is spoilt, and ends where the runtimes end."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.layers import bundle_samples, exact_values, layer_report, snr_db
from dsnet_convert.layers_executorch import executorch_outputs
from dsnet_convert.layers_litert import litert_outputs
from dsnet_convert.layers_sliced import sliced_outputs
from dsnet_convert.merge_tflite import merge_tflite
from dsnet_convert.samples import Samples
from dsnet_convert.stage import stages
from dsnet_edge.arch import preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan, Program
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.runtime import Runner, open_bundle

ARCH = tiny_arch(n_paths=2, attention="one_plus_tanh")
CALIBRATION = tiny_images(tiny_plan(ARCH), 16, seed=7)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tiny_plan(ARCH)


@pytest.fixture(scope="module")
def bundle(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    folder = tmp_path_factory.mktemp("layers") / "bundle"
    calibration = Calibration(CALIBRATION, {"images": 16, "synthetic_seed": 1, "use": "speed only"})
    write_bundle(plan, folder, ("sliced", "executorch", "litert"), {"random_seed": 0}, precision="int8", calibration=calibration)
    return folder


@pytest.mark.parametrize("backend", ["sliced", "litert"])
@pytest.mark.parametrize("path", [0, 1])
def test_what_has_accumulated_at_the_end_is_what_the_runtime_gives(bundle: FilePath, plan: Plan, backend: str, path: int) -> None:
    opened, images = open_bundle(bundle), tiny_images(plan, 4)
    exact = exact_values(plan, images, plan.program.paths[path])
    int8 = read_sliced(bundle / "model.dsnet")
    outputs = (
        sliced_outputs(int8, exact, plan.program.paths[path])
        if backend == "sliced"
        else litert_outputs(opened, plan, exact, path)
    )
    runner = Runner(opened, backend)
    stages = [runner.infer(image, path) for image in images]
    np.testing.assert_allclose(outputs[1][plan.program.logits], [stage.logits for stage in stages], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs[1][plan.program.scores], [stage.scores for stage in stages], rtol=1e-4, atol=1e-4)
    first = plan.program.ops[0].output
    np.testing.assert_allclose(outputs[0][first], outputs[1][first], rtol=1e-5, atol=1e-5)
    assert outputs[0].keys() == outputs[1].keys() == {op.output for op in plan.program.ops}
    for op in plan.program.ops:
        assert snr_db(outputs[0][op.output], exact[op.output]) > 12, op.name


def test_executorchs_graphs_quantised_again_are_those_of_the_file(bundle: FilePath, plan: Plan) -> None:
    """XNNPACK sums in another order than torch, so a number may fall on the other side of a rounding boundary."""
    images = tiny_images(plan, 4)
    exact = exact_values(plan, images, plan.program.paths[1])
    own, accumulated = executorch_outputs(plan, Samples(CALIBRATION), exact, 1)
    runner = Runner(open_bundle(bundle), "executorch")
    stages = [runner.infer(image, 1) for image in images]
    for name, found in ((plan.program.logits, [s.logits for s in stages]), (plan.program.scores, [s.scores for s in stages])):
        ours, noise = snr_db(accumulated[name], np.array(found)), snr_db(accumulated[name], exact[name])
        assert ours is None or (noise is not None and ours > noise + 6), "nearer to the runtime than int8 is to fp32"
    assert own.keys() == accumulated.keys() == {op.output for op in plan.program.ops}
    for op in plan.program.ops:
        assert own[op.output].shape == exact[op.output].shape
        noise = snr_db(own[op.output], exact[op.output])
        assert noise is not None and noise > 12, op.name
    np.testing.assert_array_equal(own[plan.program.ops[0].output], accumulated[plan.program.ops[0].output])


def test_a_spoilt_op_is_the_worst_and_only_later_ops_feel_it(bundle: FilePath, plan: Plan) -> None:
    path = plan.program.paths[1]
    exact = exact_values(plan, tiny_images(plan, 4), path)
    int8 = read_sliced(bundle / "model.dsnet")
    spoilt = "blocks.2.pointwise"
    scale = np.float32(1.1) * int8.epilogues[spoilt].scale
    broken = replace(int8, epilogues={**int8.epilogues, spoilt: replace(int8.epilogues[spoilt], scale=scale)})
    (own, accumulated), (broken_own, broken_accumulated) = (sliced_outputs(p, exact, path) for p in (int8, broken))
    at = [op.name for op in plan.program.ops].index(spoilt)
    for index, op in enumerate(plan.program.ops):
        same_own, same = (
            np.array_equal(a[op.output], b[op.output]) for a, b in ((own, broken_own), (accumulated, broken_accumulated))
        )
        assert same_own == (index != at)
        assert same == (index < at)
    noise = {op.name: snr_db(broken_own[op.output], exact[op.output]) for op in plan.program.ops}
    assert min(noise, key=lambda name: noise[name]) == spoilt
    assert snr_db(broken_accumulated[plan.program.logits], exact[plan.program.logits]) < snr_db(
        accumulated[plan.program.logits], exact[plan.program.logits]
    )


def test_the_report_names_the_worst_and_refuses_what_it_cannot_compare(bundle: FilePath, plan: Plan, tmp_path: FilePath) -> None:
    opened, images = open_bundle(bundle), tiny_images(plan, 2)
    report = layer_report(opened, plan, images, [1])
    assert {(layer.backend, layer.path) for layer in report.layers} == {("sliced", 1), ("litert", 1)}
    assert len(report.layers) == 2 * len(plan.program.ops)
    worst = report.worst("litert", 1)
    assert worst[0].own_db == min(layer.own_db for layer in report.layers if layer.backend == "litert")
    with pytest.raises(DsnetError, match="not into ncnn"):
        layer_report(opened, plan, images, [1], ["ncnn"])
    with pytest.raises(DsnetError, match="give --calibrate DIR, the bundle's photos"):
        layer_report(opened, plan, images, [1], ["executorch"])
    with pytest.raises(DsnetError, match="its paths are not those of the fp32 network"):
        layer_report(opened, tiny_plan(), images)
    write_bundle(plan, tmp_path / "fp32", ("sliced",), {"random_seed": 0})
    with pytest.raises(DsnetError, match="needs an int8 bundle, found fp32"):
        layer_report(open_bundle(tmp_path / "fp32"), plan, images)


def test_a_merged_file_shows_the_same(bundle: FilePath, plan: Plan, tmp_path: FilePath) -> None:
    opened, file = open_bundle(bundle), tmp_path / "model.tflite"
    merge_tflite({stage.name: bundle / "litert" / f"{stage.name}.tflite" for stage in stages(plan)}, file)
    entry = {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest = opened.manifest | {"backends": {"litert": {"file": file.name}}, "files": {file.name: entry}}
    exact = exact_values(plan, tiny_images(plan, 1), plan.program.paths[1])
    alone, merged = (litert_outputs(b, plan, exact, 1) for b in (opened, replace(opened, folder=tmp_path, manifest=manifest)))
    for op in plan.program.ops:
        for part in (0, 1):
            np.testing.assert_array_equal(alone[part][op.output], merged[part][op.output])


def test_only_the_photos_of_the_calibration_will_do(plan: Plan, tmp_path: FilePath) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 4, 5, 3), np.uint8).repeat(10, 1).repeat(10, 2)
    (tmp_path / "photos").mkdir()
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / "photos" / f"{index}.png")
    calibration = Calibration.from_folder(tmp_path / "photos", plan.input, 10, "mse")
    write_bundle(plan, tmp_path / "bundle", ("sliced",), {"random_seed": 0}, precision="int8", calibration=calibration)
    samples = bundle_samples(open_bundle(tmp_path / "bundle"), tmp_path / "photos")
    assert samples.estimator == "mse"
    np.testing.assert_array_equal(samples.images, calibration.images)
    Image.fromarray(pixels[3] // 2).save(tmp_path / "photos" / "3.png")
    with pytest.raises(DsnetError, match=r"not the photos that .* was calibrated on"):
        bundle_samples(open_bundle(tmp_path / "bundle"), tmp_path / "photos")


def test_the_command_prints_one_path_and_the_worst_of_it(tmp_path: FilePath) -> None:
    noise = ("--arch", "dsmbnet14-32", "--random", 0, "--paths", "0,3", "--samples", 4)
    done = command("convert", *noise, "--to", "sliced", "--precision", "int8", "-o", tmp_path / "bundle")
    assert done.returncode == 0, done.stderr
    done = command("verify", tmp_path / "bundle", "--per-layer", "--path", 0, "--json", tmp_path / "layers.json")
    assert done.returncode == 0, done.stderr
    layers = json.loads((tmp_path / "layers.json").read_text())["layers"]
    ops = [op.name for op in Program.from_arch(preset("dsmbnet14-32")).ops]
    assert [(layer["op"], layer["path"], layer["backend"]) for layer in layers] == [(name, 0, "sliced") for name in ops]
    worst = min((layer for layer in layers if layer["own_db"] is not None), key=lambda layer: layer["own_db"])
    assert f"path 0, sliced, most noise of their own: {worst['op']} {worst['own_db']:.1f} dB" in " ".join(done.stdout.split())
    assert all(name in done.stdout for name in ops)
    done = command("verify", tmp_path / "bundle", "--per-layer", "--path", 2)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--path 2 is out of range" in done.stderr
    source = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    source["source"] = {"checkpoint": "model.safetensors", "sha256": "0" * 64}
    source["calibration"] = {"images": 4, "sha256": "0" * 64}
    (tmp_path / "bundle" / "manifest.json").write_text(json.dumps(source))
    done = command("verify", tmp_path / "bundle", "--per-layer")
    assert done.returncode == 2
    assert "--per-layer needs the fp32 network; give --against model.safetensors" in done.stderr


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)
