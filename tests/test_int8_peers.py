"""ExecuTorch, LiteRT and ONNX Runtime in int8: quantised by their own tools, and answering like the fp32 network."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_edge.plan.oracle import infer
from dsnet_edge.runtime import Runner, open_bundle
from dsnet_edge.runtime.litert import LitertBackend, Tensor

TARGETS = ("executorch", "litert", "onnx")
PEERS = ("executorch", "litert", "onnxruntime")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    folder = tmp_path_factory.mktemp("int8") / "bundle"
    plan = tiny_plan(tiny_arch(n_paths=2))
    calibration = Calibration(tiny_images(plan, 16, seed=7), {"images": 16, "synthetic_seed": 1, "use": "speed only"})
    write_bundle(plan, folder, ("sliced", *TARGETS), {"random_seed": 0}, precision="int8", calibration=calibration)
    return folder


@pytest.mark.parametrize("backend", PEERS)
def test_every_path_is_near_the_fp32_network(bundle: FilePath, backend: str) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2))
    images = tiny_images(plan, 16, seed=9)
    runner = Runner(bundle, backend)
    for index, path in enumerate(plan.program.paths):
        exact, exact_scores = infer(plan, images, path)
        found = [runner.infer(image, index) for image in images]
        for expected, actual in ((exact, [s.logits for s in found]), (exact_scores, [s.scores for s in found])):
            noise = ((np.array(actual) - expected) ** 2).sum() / ((expected - expected.mean(0)) ** 2).sum()
            assert noise < 0.5, "a graph that ignores its input has 1"


def test_litert_keeps_maps_in_int8_between_its_graphs(bundle: FilePath) -> None:
    backend = LitertBackend(open_bundle(bundle), threads=1)
    (image,) = tiny_images(tiny_plan(), 1)
    feature = backend.prefix(image)
    assert feature.array.dtype == np.int8
    for stage in ("gate", "suffix_00", "suffix_01"):
        slot = backend.graph(stage).signature.inputs[0]
        assert feature.to(slot.scale, slot.zero_point) is feature.array
    assert {slot.dtype for slot in backend.graph("suffix_00").signature.inputs} == {np.int8}


@pytest.mark.parametrize("stage", ["prefix", "gate", "suffix_00"])
def test_litert_leaves_nothing_to_the_builtin_kernels(bundle: FilePath, stage: str) -> None:
    model = CompiledModel.from_file(str(bundle / "litert" / f"{stage}.tflite"))
    assert model.is_fully_accelerated()


@pytest.mark.parametrize("stage", ["prefix", "gate", "suffix_00"])
def test_onnxruntime_multiplies_integers_only(bundle: FilePath, tmp_path: FilePath, stage: str) -> None:
    """What its optimiser leaves of the quantised graph; scales at the boundary aside."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(tmp_path / "optimised.onnx"), 4
    onnxruntime.InferenceSession(bundle / "onnx" / f"{stage}.onnx", options, providers=["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node}
    assert kinds & {"QLinearConv", "QGemm"}
    assert not kinds & {"Conv", "Gemm", "FusedConv", "FusedGemm", "MatMul", "Mul", "Sigmoid", "GlobalAveragePool"}


def test_a_tensor_changes_its_quantisation_by_value() -> None:
    real = np.array([-1.0, 0.0, 0.26, 5.0], np.float32)
    quantised = Tensor(Tensor(real).to(0.5, 3), 0.5, 3)
    assert quantised.array.tolist() == [1, 3, 4, 13]
    assert quantised.real().tolist() == [-1.0, 0.0, 0.5, 5.0]
    assert quantised.to(0.25, 0).tolist() == [-4, 0, 2, 20]
    assert quantised.to(0.01, 0).tolist() == [-100, 0, 50, 127]
    assert quantised.to(0.5, 3) is quantised.array
    assert Tensor(real).to(0.0, 0) is real
