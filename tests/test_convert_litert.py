"""The `.tflite` files: NHWC throughout and wholly accelerated."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.litert import write_litert
from dsnet_convert.stage import stages
from dsnet_edge.plan.oracle import run_segment

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
