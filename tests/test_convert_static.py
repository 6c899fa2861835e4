"""The files written straight from the Plan, for ONNX Runtime and ncnn, against the oracle."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import onnx
import pytest
from tiny import ARCHS, tiny_images, tiny_plan

from dsnet_convert.manifest import make_manifest
from dsnet_convert.ncnn import write_ncnn
from dsnet_convert.onnx import stage_model, write_onnx
from dsnet_convert.random_weights import random_plan
from dsnet_convert.stage import stages
from dsnet_edge.arch import Arch, preset
from dsnet_edge.plan import Plan
from dsnet_edge.plan.oracle import infer
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.ncnn import NcnnBackend
from dsnet_edge.runtime.onnxruntime import OnnxruntimeBackend
from dsnet_edge.runtime.staged import StagedBackend

WRITERS = {"onnx": (write_onnx, OnnxruntimeBackend), "ncnn": (write_ncnn, NcnnBackend)}


class Unchecked(Bundle):
    """A folder of graphs and nothing else."""

    def file(self, name: str) -> FilePath:
        return self.folder / name


def written(plan: Plan, target: str, folder: FilePath) -> StagedBackend:
    write, backend = WRITERS[target]
    (folder / target).mkdir()
    for stage in stages(plan):
        write(plan, stage, folder / target / f"{stage.name}.{'onnx' if target == 'onnx' else 'param'}")
    manifest = make_manifest(plan, {}, [target], [], {})
    return backend(Unchecked(folder, manifest, plan.input, plan.labels), 1)


def assert_parity(plan: Plan, runtime: StagedBackend, image: np.ndarray) -> None:
    feature = runtime.prefix(image)
    scores, attention = runtime.gate(feature)
    for index, path in enumerate(plan.program.paths):
        expected, expected_scores = infer(plan, image[None], path)
        found = runtime.suffix(feature, attention, index)
        assert found.shape == expected[0].shape
        assert np.abs(found - expected[0]).max() <= 1e-5 * np.abs(expected).max()
        assert np.abs(scores - expected_scores[0]).max() <= 1e-5 * np.abs(expected_scores).max()


@pytest.mark.parametrize("target", WRITERS)
@pytest.mark.parametrize("arch", ARCHS.values(), ids=ARCHS.keys())
def test_every_path_agrees_with_the_oracle(arch: Arch, target: str, tmp_path: FilePath) -> None:
    plan = tiny_plan(arch)
    runtime = written(plan, target, tmp_path)
    for image in tiny_images(plan, 2):
        assert_parity(plan, runtime, image)


@pytest.mark.parametrize("target", WRITERS)
def test_a_preset_agrees_with_the_oracle_on_some_paths(target: str, tmp_path: FilePath) -> None:
    plan = random_plan(preset("dsmbnet14-32"), 0).restrict(5, 8)
    assert_parity(plan, written(plan, target, tmp_path), tiny_images(plan, 1)[0])


@pytest.mark.parametrize("index", range(5))
def test_onnx_holds_no_op_but_the_networks_own(index: int) -> None:
    """Besides those that turn maps into vectors and back, which move no data."""
    model = stage_model(tiny_plan(), stages(tiny_plan())[index])
    expected = {"Conv", "Gemm", "GlobalAveragePool", "Sigmoid", "Relu", "Mul", "Flatten", "Unsqueeze"}
    assert {node.op_type for node in model.graph.node} <= expected


def test_onnx_names_its_values_as_the_plan_does() -> None:
    plan = tiny_plan()
    gate = stage_model(plan, stages(plan)[1])
    assert [value.name for value in gate.graph.input] == list(plan.program.interface("prefix")[1])
    assert [value.name for value in gate.graph.output] == [plan.program.scores, "blocks.2.attention.expand"]
    onnx.checker.check_model(gate, full_check=True)
