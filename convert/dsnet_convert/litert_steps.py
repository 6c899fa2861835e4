"""Which operators of a `.tflite` compute which op of the plan.

They lie in the order of the plan's ops, and each op is a known row of them: a convolution with SiLU is `CONV_2D LOGISTIC MUL`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.arch import Activation
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan import Op
from dsnet_edge.plan.program import Kind

_MAIN: dict[Kind, str] = {
    "conv2d": "CONV_2D",
    "depthwise": "DEPTHWISE_CONV_2D",
    "pointwise": "CONV_2D",
    "linear": "FULLY_CONNECTED",
    "global_pool": "MEAN",
    "multiply": "MUL",
    "add": "ADD",
}
_AFTER: dict[Activation, tuple[str, ...]] = {  # the other activations are fused into the operator before them
    "silu": ("LOGISTIC", "MUL"),
    "sigmoid": ("LOGISTIC",),
    "one_plus_tanh": ("LOGISTIC", "ADD"),
}
_MOVES = ("PAD", "PADV2", "QUANTIZE", "DEQUANTIZE", "RESHAPE", "TRANSPOSE")  # part of the op that they come before


@dataclass(frozen=True)
class Step:
    """An op and its operators, `OperatorT` of the schema."""

    op: Op
    operators: tuple[Any, ...]

    @property
    def before_activation(self) -> int:
        """The tensor that an activation which is not fused reads."""
        return int(self.operators[-1 - len(_AFTER.get(self.op.activation, ()))].outputs[0])

    @property
    def output(self) -> int:
        return int(self.operators[-1].outputs[0])


def graph_steps(ops: Sequence[Op], model: Any, file: FilePath) -> list[Step]:
    """Of a model (`ModelT`) with one graph. Raises BundleError, naming the `file`, where it does not compute these ops."""
    tools = require("ai_edge_litert.tools.flatbuffer_utils", "litert")
    (graph,) = model.subgraphs
    left = [(tools.opcode_to_name(model, operator.opcodeIndex), operator) for operator in graph.operators]
    steps: list[Step] = []
    for op in ops:
        taken: list[Any] = []
        for kind in (_MAIN[op.kind], *_AFTER.get(op.activation, ())):
            while left and left[0][0] in _MOVES:
                taken.append(left.pop(0)[1])
            if not left or left[0][0] != kind:
                found = left[0][0] if left else "the end of the graph"
                raise BundleError(f"{file}: {op.name} needs the operator {kind}, found {found}; convert it again")
            taken.append(left.pop(0)[1])
        steps.append(Step(op, tuple(taken)))
    return steps
