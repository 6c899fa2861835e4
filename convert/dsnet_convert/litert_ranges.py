"""The ranges of every tensor of a float `.tflite`, chosen as `dsnet_edge.plan.estimate` chooses those of the Plan.

ai-edge-quantizer's own are averages of each image's extremes, weighted towards the first: vectors, of which an image has few
numbers, come out clipped (docs/precision.md). Ours are handed to it in the form of its calibration result.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.litert_steps import graph_steps
from dsnet_edge.arch import Activation
from dsnet_edge.errors import require
from dsnet_edge.plan import Op
from dsnet_edge.plan.estimate import Estimator, draw, estimate_range
from dsnet_edge.plan.plan import Array

TensorRanges = dict[str, dict[str, Array]]  # by tensor: "min" and "max", each of the tensor's rank with one element


def tensor_ranges(file: FilePath, ops: Sequence[Op], samples: Sequence[Sequence[Array]], estimator: Estimator) -> TensorRanges:
    """Of a float graph of these ops on samples of its inputs. Equal tensors of different graphs get equal ranges."""
    library = require("ai_edge_litert.interpreter", "litert")
    interpreter = library.Interpreter(model_path=str(file), num_threads=1, experimental_preserve_all_tensors=True)
    tensors = {int(d["index"]): d for d in interpreter.get_tensor_details() if not _is_constant(interpreter, int(d["index"]))}
    interpreter.allocate_tensors()
    inputs = sorted(interpreter.get_input_details(), key=lambda detail: str(detail["name"]))
    numbers: dict[int, list[Array]] = {index: [] for index in tensors}
    for seed, arrays in enumerate(samples):
        for detail, array in zip(inputs, arrays, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        for index, found in numbers.items():
            rows = interpreter.get_tensor(index)
            found.append(draw(rows.reshape(-1, rows.shape[-1]), 1 / len(samples), np.random.default_rng(seed)))
    activations = _activations(file, ops)
    return {
        tensors[index]["name"]: {
            name: np.full([1] * len(tensors[index]["shape"]), bound, np.float32)
            for name, bound in zip(
                ("min", "max"), estimate_range(np.concatenate(found), activations.get(index, "none"), estimator), strict=True
            )
        }
        for index, found in numbers.items()
    }


def _is_constant(interpreter: Any, tensor: int) -> bool:
    """Before tensors are allocated, only constants can be read."""
    try:
        interpreter.get_tensor(tensor)
    except ValueError:
        return False
    return True


def _activations(file: FilePath, ops: Sequence[Op]) -> dict[int, Activation]:
    """What the numbers of a tensor pass through next, by its index, where that is an operator of its own."""
    model = require("ai_edge_litert.tools.flatbuffer_utils", "litert").read_model(str(file))
    # 1 + tanh(x) is 2 sigmoid(2x), and the weights hold the 2x (`folded`)
    behind: dict[Activation, Activation] = {"silu": "silu", "sigmoid": "sigmoid", "one_plus_tanh": "sigmoid"}
    steps = graph_steps(ops, model, file)
    return {step.before_activation: behind[step.op.activation] for step in steps if step.before_activation != step.output}
