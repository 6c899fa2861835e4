"""What every op of an int8 LiteRT graph gives, from a copy of the graph in which those tensors are outputs.

For an op's own noise its inputs are cut loose and become inputs of the graph: one call then feeds every op with what the fp32
network computes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsnet_convert.litert_steps import Step, graph_steps
from dsnet_convert.stage import Stage, stage_names, stage_values, stages
from dsnet_edge.errors import require
from dsnet_edge.plan import Plan
from dsnet_edge.plan.plan import Array
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.litert_tensor import Tensor
from dsnet_edge.runtime.staged import stage_files

Outputs = dict[str, Array]  # by value, real numbers `[n, ...]`


@dataclass(frozen=True)
class _Graph:
    """A graph that shows what every op gives, and takes what `inputs` name."""

    interpreter: Any
    inputs: tuple[str, ...]  # values of the plan, in the order of the interpreter's inputs
    outputs: Mapping[str, int]  # tensor of every op's output, by value


def litert_outputs(bundle: Bundle, plan: Plan, exact: Mapping[str, Array], path: int) -> tuple[Outputs, Outputs]:
    """Own and accumulated outputs by value, real numbers `[n, ...]`, on a path; `exact` are the fp32 network's values.

    Raises BundleError where a graph is not one that this converter writes.
    """
    own: dict[str, Array] = {}
    accumulated: dict[str, Array] = {}
    running = {plan.program.image: exact[plan.program.image]}
    for stage in stages(plan):
        if stage.name in stage_names(plan).of_path(path):
            own |= _run(_open(bundle, plan, stage, cut=True), exact)
            accumulated |= _run(_open(bundle, plan, stage, cut=False), running | accumulated)
    return own, accumulated


def _run(graph: _Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    """Image by image: the graphs have batch 1."""
    interpreter = graph.interpreter
    slots = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    found: dict[str, list[Array]] = {name: [] for name in graph.outputs}
    for index in range(len(next(iter(values.values())))):
        for detail, name in zip(interpreter.get_input_details(), graph.inputs, strict=True):
            real = Tensor(values[name][index][None].astype(np.float32))
            interpreter.set_tensor(detail["index"], real.to(*detail["quantization"]))
        interpreter.invoke()
        for name, tensor in graph.outputs.items():
            stored = Tensor(interpreter.get_tensor(tensor), *slots[tensor]["quantization"])
            found[name].append(stored.real()[0].astype(np.float64))
    return {name: np.stack(arrays) for name, arrays in found.items()}


def _open(bundle: Bundle, plan: Plan, stage: Stage, cut: bool) -> _Graph:
    """`cut` makes an input of everything that one op takes from another."""
    tools = require("ai_edge_litert.tools.flatbuffer_utils", "litert")
    interpreter = require("ai_edge_litert.interpreter", "litert")
    entry = bundle.backend_files("litert")
    file = bundle.file(entry["file"] if "file" in entry else stage_files(bundle, "litert")[stage.name])
    model = tools.read_model(str(file))
    signature = _signature(model, stage.name if "file" in entry else None)
    graph = model.subgraphs[signature.subgraphIndex]
    model.subgraphs, model.signatureDefs = [graph], []  # which would name tensors that are no inputs any more
    steps = graph_steps(plan.program.segment(stage.segment), model, file)
    taken = sorted(signature.inputs, key=lambda tensor: bytes(tensor.name))
    inputs = {int(t.tensorIndex): name for t, name in zip(taken, stage_values(plan, stage.segment)[0], strict=True)}
    if cut:
        inputs |= _cut(graph, steps)
    outputs = {step.op.output: step.output for step in steps}
    graph.inputs, graph.outputs = list(inputs), list(outputs.values())
    opened = interpreter.Interpreter(model_content=bytes(tools.convert_object_to_bytearray(model)), num_threads=1)
    opened.allocate_tensors()
    return _Graph(opened, tuple(inputs.values()), outputs)


def _signature(model: Any, name: str | None) -> Any:
    """The only one, or in a file with one a stage the one of this name."""
    return next(s for s in model.signatureDefs if name is None or bytes(s.signatureKey).decode() == name)


def _cut(graph: Any, steps: Sequence[Step]) -> dict[int, str]:
    """Gives each op copies of the tensors that it reads from others, and returns these as inputs: tensor to value."""
    given = {step.output: step.op.output for step in steps}
    copies: dict[int, int] = {}
    for step in steps:
        inside = {int(tensor) for operator in step.operators for tensor in operator.outputs}
        for operator in step.operators:
            for position, tensor in enumerate(operator.inputs):
                if int(tensor) not in given or int(tensor) in inside:
                    continue
                if int(tensor) not in copies:
                    copies[int(tensor)] = len(graph.tensors)
                    graph.tensors.append(copy.copy(graph.tensors[tensor]))
                operator.inputs[position] = copies[int(tensor)]
    return {new: given[old] for old, new in copies.items()}
