"""Bundles of networks with several gates, or none: every backend and command on every path."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import GATED, tiny_images, tiny_plan
from typer.testing import CliRunner

from dsnet_convert.bundle import write_bundle
from dsnet_convert.stage import stages
from dsnet_convert.verify import verify_bundle
from dsnet_edge import demo
from dsnet_edge.arch import preset
from dsnet_edge.cli.app import app
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.plan import Program
from dsnet_edge.plan.blank import blank_plan
from dsnet_edge.plan.oracle import infer, infer_dynamic
from dsnet_edge.runtime import Bundle, Runner, open_bundle
from dsnet_edge.runtime.manifest import check_manifest
from dsnet_edge.runtime.self_test import self_test
from dsnet_edge.runtime.stages import StageNames

WHOLE = {name: tiny_plan(arch) for name, arch in GATED.items()}
PLANS = {name: plan.choose((0, 2)) for name, plan in WHOLE.items()}  # fewer graphs to convert
BACKENDS = ("sliced", "executorch", "litert", "numpy")


@pytest.fixture(scope="module", params=PLANS)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp(request.param.replace(" ", "-")) / "bundle"
    write_bundle(PLANS[request.param], folder, ["sliced", "executorch", "litert"], {"random_seed": 0})
    return open_bundle(folder)


def plan_of(bundle: Bundle):  # type of PLANS' values
    return PLANS["two gates" if bundle.n_choices else "no gate"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_is_the_oracle_on_every_path_and_routes_like_it(backend: str, bundle: Bundle) -> None:
    plan = plan_of(bundle)
    images, runner = tiny_images(plan, n=6), Runner(bundle, backend)
    for index, path in enumerate(plan.program.paths):
        logits, scores = infer(plan, images[:1], path)
        found = runner.infer(images[0], index)
        assert found.path == index
        np.testing.assert_allclose(found.logits, logits[0], atol=1e-4 * np.abs(logits).max())
        np.testing.assert_allclose(found.scores, scores[0], atol=1e-4 * np.abs(scores).max(initial=0))
    assert [runner.infer(image).path for image in images] == infer_dynamic(plan, images)[1].tolist()


def test_it_verifies_and_tests_itself(bundle: Bundle) -> None:
    assert verify_bundle(bundle, backends=BACKENDS).passed
    for backend in BACKENDS:
        assert self_test(Runner(bundle, backend)).passed


def test_the_manifest_says_what_the_gates_choose(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert manifest["version"] == 3
    assert manifest["gates"] == ([2, 2] if bundle.n_choices else [])
    assert [path["choices"] for path in manifest["paths"]] == [list(path.choices) for path in plan_of(bundle).program.paths]
    assert list(bundle.choices) == ([0, 2, 20, 22] if bundle.n_choices else [0, 2])
    for spoil in (
        lambda m: m.pop("gates"),
        lambda m: m.update(gates=[4]),
        lambda m: m.update(gates=[2, 3]),
        lambda m: m.update(version=2),
        lambda m: m["paths"][1].update(choice=1),
        lambda m: m["paths"][1].update(choices=m["paths"][0]["choices"]),
        lambda m: m["paths"][1]["choices"].append(0),
        lambda m: m["backends"]["litert"].update(suffixes=["a"]),
        lambda m: m["backends"]["litert"]["stages"].update({"../x": "labels.txt"}),
    ):
        spoilt = json.loads(json.dumps(manifest))
        spoil(spoilt)
        with pytest.raises(BundleError, match="convert the checkpoint again"):
            check_manifest(spoilt, "manifest.json")


def test_from_the_command_line(bundle: Bundle, tmp_path: FilePath) -> None:
    folder, photo = str(bundle.folder), demo.photos()[0]
    for arguments in (
        ["run", folder, str(photo)],
        ["run", folder, str(photo), "--path", "1"],
        ["verify", folder],
        ["inspect", folder],
        ["table1", folder, "--rounds", "2"],
        ["bench", folder, "--peers", "litert", "--rounds", "2", "--processes", "1", "--json", str(tmp_path / "bench.json")],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["run", folder, str(photo), "--bias", "1"])
    assert result.exit_code == 1 and "leads a network of one gate" in str(result.exception)


def test_what_group_norm_is_not_converted_to_is_said_before_anything_is_done(tmp_path: FilePath) -> None:
    for target, precision in (("litert", "int8"), ("executorch", "int8"), ("onnx", "fp32"), ("ncnn", "fp32")):
        with pytest.raises(DsnetError, match=f"--to {target} does not write .* group norm"):
            write_bundle(PLANS["two gates"], tmp_path / "bundle", [target], {"random_seed": 0}, precision=precision)
    assert not (tmp_path / "bundle").exists()


def test_resnet_has_52_graphs_beside_the_gates_and_what_runs_first() -> None:
    """One a pair of neighbouring widths, not one for each of 256 paths."""
    plan = blank_plan(preset("dsresnet50-32"))
    names = [stage.name for stage in stages(plan)]
    assert len(names) == len(set(names)) == 52 + 1 + 13
    assert names == list(StageNames((4,) * 4, 256).all())
    for stage in stages(plan):  # every path that runs a graph has the same widths in it
        for index, path in enumerate(plan.program.paths[::37]):
            if stage.name in StageNames((4,) * 4, 256).of_path(37 * index):
                for op in plan.program.segment(stage.segment):
                    shapes = [[plan.program.shape(name, p) for name in (op.input, op.output)] for p in (path, stage.path)]
                    assert shapes[0] == shapes[1]


def test_some_choices_of_every_gate_can_be_kept() -> None:
    part = PLANS["two gates"]
    assert [str(path) for path in part.program.paths] == ["0-0", "0-2", "2-0", "2-2"]
    assert isinstance(part.program, Program)
    images = tiny_images(part, n=2)
    for path in part.program.paths:
        whole, cut = infer(WHOLE["two gates"], images, path), infer(part, images, path)
        np.testing.assert_array_equal(whole[0], cut[0])
        np.testing.assert_array_equal(whole[1][:, [0, 2, 3, 5]], cut[1])
