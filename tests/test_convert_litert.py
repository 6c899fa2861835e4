"""The `.tflite` files: NHWC throughout and wholly accelerated."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tampering import not_delegated
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert import litert
from dsnet_convert.bundle import write_bundle
from dsnet_convert.litert import write_litert
from dsnet_convert.stage import Stage, stages
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.oracle import infer, run_segment
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.measures import TOLERANCE

NAMES = ["prefix", "gate", "suffix_00", "suffix_01", "suffix_02"]
EXPECTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "LOGISTIC", "MUL", "PAD"}


@pytest.mark.parametrize("name", NAMES)
def test_no_op_but_the_networks_own(tiny_bundle: FilePath, name: str) -> None:
    """No TRANSPOSE and no RESHAPE: the converter left no trace of torch's layout."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    file = tiny_bundle / "litert" / f"{name}.tflite"
    ops = {op["op_name"] for op in Interpreter(str(file), experimental_op_resolver_type=plain)._get_ops_details()}
    assert ops <= EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_every_stage_is_wholly_accelerated(tiny_bundle: FilePath, name: str) -> None:
    assert CompiledModel.from_file(str(tiny_bundle / "litert" / f"{name}.tflite")).is_fully_accelerated()


def test_the_papers_attention_is_accelerated_and_right(tmp_path: FilePath) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2, activation="relu", attention="one_plus_tanh", bias=True))
    file = tmp_path / "gate.tflite"
    write_litert(plan, stages(plan)[1], file)
    assert CompiledModel.from_file(str(file)).is_fully_accelerated()
    path = plan.program.paths[0]
    values = run_segment(plan, "prefix", {plan.program.image: tiny_images(plan, 1)}, path)
    expected = run_segment(plan, "gate", values, path)
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    feature = values[plan.program.interface("prefix")[1][0]].astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], feature)
    interpreter.invoke()
    outputs = sorted(interpreter.get_output_details(), key=lambda detail: detail["name"])
    scores, attention = (interpreter.get_tensor(detail["index"]) for detail in outputs)
    np.testing.assert_allclose(scores, expected[plan.program.scores], atol=1e-5)
    np.testing.assert_allclose(attention, expected["blocks.2.attention.expand"], atol=1e-5)


def test_fp16_halves_the_weights_and_nothing_else(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    """float32 at the boundary, wholly accelerated, and near the fp32 network on every path."""
    plan = tiny_plan()
    write_bundle(plan, tmp_path / "fp16", ("sliced", "litert"), {"random_seed": 0}, precision="fp16")
    runner = Runner(tmp_path / "fp16", "litert")
    images = tiny_images(plan, 4)
    for index, path in enumerate(plan.program.paths):
        logits, scores = infer(plan, images, path)
        found = [runner.infer(image, index) for image in images]
        for expected, actual in ((logits, [s.logits for s in found]), (scores, [s.scores for s in found])):
            error = np.abs(np.array(actual) - expected).max() / np.abs(expected).max()
            assert 1e-6 < error < TOLERANCE["fp16"]
    for name in NAMES:
        file = tmp_path / "fp16" / "litert" / f"{name}.tflite"
        assert CompiledModel.from_file(str(file)).is_fully_accelerated()
        tensors = Interpreter(str(file)).get_tensor_details()
        assert np.float16 in {tensor["dtype"] for tensor in tensors}
        signature = Interpreter(str(file)).get_signature_runner()
        details = (signature.get_input_details() | signature.get_output_details()).values()
        assert {detail["dtype"] for detail in details} == {np.float32}
    whole = [sum(file.stat().st_size for file in (folder / "litert").iterdir()) for folder in (tiny_bundle, tmp_path / "fp16")]
    assert whole[1] < whole[0]


@pytest.mark.parametrize("writer", ["write_litert", "write_litert_fp16"])
def test_a_stage_that_is_not_wholly_delegated_is_refused(
    tiny_bundle: FilePath, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    def with_another_op(plan: Plan, stage: Stage, file: FilePath) -> None:
        file.write_bytes(not_delegated((tiny_bundle / "litert" / f"{stage.name}.tflite").read_bytes()))

    plan = tiny_plan()
    monkeypatch.setattr(litert, "_write_float", with_another_op)
    with pytest.raises(DsnetError, match=r"litert stage suffix_00: XNNPACK leaves ops to other kernels, expected none"):
        getattr(litert, writer)(plan, stages(plan)[2], tmp_path / "suffix_00.tflite")
