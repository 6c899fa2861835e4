"""The ranges that ExecuTorch's and LiteRT's int8 graphs are given: those of the numbers that the fp32 network computes."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.executorch_int8 import QUANTIZE, quantise
from dsnet_convert.graph import StageGraph, stage_inputs
from dsnet_convert.layers import exact_values
from dsnet_convert.litert import write_litert_int8
from dsnet_convert.samples import Samples
from dsnet_convert.stage import stages
from dsnet_edge.plan.estimate import Estimator, estimate_range

PLAN = tiny_plan(tiny_arch(n_paths=1))
IMAGES = tiny_images(PLAN, 4)
EXACT = exact_values(PLAN, IMAGES, PLAN.program.paths[0])


def extremes(scale: float, zero_point: int) -> tuple[float, float]:
    return scale * (-128 - zero_point), scale * (127 - zero_point)


def test_litert_holds_the_extremes_of_every_map_by_minmax(tmp_path: FilePath) -> None:
    write_litert_int8(PLAN, stages(PLAN)[2], Samples(IMAGES, "minmax"), tmp_path / "suffix.tflite")
    interpreter = Interpreter(model_path=str(tmp_path / "suffix.tflite"))
    found = [extremes(*d["quantization"]) for d in interpreter.get_tensor_details() if d["quantization"][0]]
    names = [op.output for op in PLAN.program.segment("suffix") if op.kind != "linear"] + [PLAN.program.logits]
    for name in names:
        low, high = min(EXACT[name].min(), 0), max(EXACT[name].max(), 0)
        step = (high - low) / 255
        assert any(abs(a - low) <= step and abs(b - high) <= step for a, b in found), name


@pytest.mark.parametrize("estimator", ["minmax", "variance"])
def test_executorch_rounds_where_the_estimator_says(estimator: Estimator) -> None:
    stage = stages(PLAN)[0]
    inputs = stage_inputs(PLAN, stage, IMAGES, "nchw")
    graph = torch.export.export(StageGraph(PLAN, stage, "nchw"), inputs[0]).module()
    quantised = quantise(graph, inputs, estimator)
    rounded = {extremes(float(node.args[1]), int(node.args[2])) for node in quantised.graph.nodes if node.target == QUANTIZE}
    first = PLAN.program.ops[0]
    before = np.concatenate([_convolved(x).movedim(1, -1).reshape(-1, 8).numpy() for (x,) in inputs])
    for numbers, activation in ((before, first.activation), (EXACT[first.output].reshape(-1, 8).astype(np.float32), "none")):
        low, high = estimate_range(numbers, activation, estimator)
        step = (high - low) / 255
        assert any(abs(a - low) <= step and abs(b - high) <= step for a, b in rounded)


def _convolved(x: torch.Tensor) -> torch.Tensor:
    """The first convolution without its activation."""
    step = StageGraph(PLAN, stages(PLAN)[0], "nchw").steps[0]
    return torch.nn.functional.conv2d(x, step.weight, step.bias, step.op.stride, step.op.padding)
