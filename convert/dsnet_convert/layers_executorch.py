"""What every op of ExecuTorch's int8 graphs gives, from the torch graphs that are lowered.

A `.pte` holds one delegate a method, and ExecuTorch hands out none of the tensors inside: its debug buffer has those at the
delegate's boundary alone. So the graphs are quantised again on the same photos. Their rounding is that of XNNPACK's kernels, up
to the order of sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from dsnet_convert.executorch import quantised
from dsnet_convert.executorch_int8 import DEQUANTIZE, QUANTIZE
from dsnet_convert.samples import Samples
from dsnet_convert.stage import stage_names, stage_values, stages
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.plan import Array

Outputs = dict[str, Array]  # by value, real numbers `[n, ...]`


def executorch_outputs(plan: Plan, samples: Samples, exact: Mapping[str, Array], path: int) -> tuple[Outputs, Outputs]:
    """Own and accumulated outputs by value, real numbers `[n, ...]`, on a path; `exact` are the fp32 network's values.

    An output is what the next op is given: rounded where that takes it in int8.
    """
    own: Outputs = {}
    accumulated: Outputs = {}
    for stage in stages(plan):
        if stage.name in stage_names(plan).of_path(path):
            graph = quantised(plan, stage, samples).module()
            names, ops = stage_values(plan, stage.segment)[0], plan.program.segment(stage.segment)
            own |= _run(graph, ops, names, exact, fed=True)
            accumulated |= _run(graph, ops, names, {**exact, **accumulated}, fed=False)
    return own, accumulated


def _run(graph: fx.GraphModule, ops: Sequence[Op], inputs: Sequence[str], values: Mapping[str, Array], fed: bool) -> Outputs:
    """On `values` of the graph's inputs, image by image; `fed` ops read theirs there, not what the ops before them gave."""
    found: dict[str, list[Array]] = {op.output: [] for op in ops}
    for index in range(len(values[inputs[0]])):
        one = {name: _tensor(array[index]) for name, array in values.items()}
        recorder = _Recorder(graph, ops, one if fed else {})
        with torch.no_grad():
            recorder.run(*(one[name] for name in inputs))
        for name, tensor in recorder.found.items():
            found[name].append(_array(tensor, vector=values[name].ndim == 2))
    return {name: np.stack(arrays) for name, arrays in found.items()}


class _Recorder(fx.Interpreter):
    """Keeps what the last node of every step of the `StageGraph` gives, and may hand on another tensor in its place."""

    def __init__(self, graph: fx.GraphModule, ops: Sequence[Op], instead: Mapping[str, Tensor]) -> None:
        super().__init__(graph)
        self.instead = instead
        self.found: dict[str, Tensor] = {}
        last = {_step(node): node for node in graph.graph.nodes if _step(node) is not None}
        self.values = {node: ops[step].output for step, node in last.items() if step is not None}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n not in self.values:
            return result
        name = self.values[n]
        self.found[name] = result
        for user in n.users:
            if user.target is QUANTIZE:
                arguments = user.args[1:]
                self.found[name] = DEQUANTIZE(QUANTIZE(result, *arguments), *arguments)
        return self.instead[name].reshape(result.shape) if name in self.instead else result


def _step(node: fx.Node) -> int | None:
    """The number of the step that a node is part of."""
    if node.op != "call_function":
        return None
    for path, _ in node.meta.get("nn_module_stack", {}).values():
        if path.startswith("steps."):
            return int(path.split(".")[1])
    return None


def _tensor(array: Array) -> Tensor:
    """`[h, w, c]` as `[1, c, h, w]`, `[c]` as `[1, c]`."""
    tensor = torch.from_numpy(array.astype(np.float32))
    return tensor[None] if tensor.ndim == 1 else tensor.permute(2, 0, 1)[None].contiguous()


def _array(tensor: Tensor, vector: bool) -> Array:
    """The reverse; inside the graphs vectors are `[1, c, 1, 1]`."""
    array = tensor.numpy().astype(np.float64)[0]
    return array.reshape(-1) if vector else array.transpose(1, 2, 0)
