"""A segment of a Plan on one path, which is what becomes a static graph: its weights sliced, and batch norm folded into them.

Folding is right here and only here: a static graph of one path shares its weights with no other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.plan import Array
from dsnet_edge.plan.program import Segment
from dsnet_edge.runtime.stages import StageNames

# Of the targets that write a file a stage. ncnn writes a `.bin` beside each `.param`.
FILE_SUFFIXES = {"executorch": ".pte", "litert": ".tflite", "onnx2tf": ".tflite", "onnx": ".onnx", "ncnn": ".param"}


@dataclass(frozen=True)
class Stage:
    """A unit that gets a static graph of its own: a segment or gate, on the paths that agree in the choices it depends on."""

    name: str  # of the method or file
    segment: Segment
    path: Path  # one of them


def stages(plan: Plan) -> tuple[Stage, ...]:
    """In the order of `StageNames.all`: with one gate `prefix`, `gate`, `suffix_00` ... in the order of the paths."""
    program, names = plan.program, stage_names(plan)
    if names.n_gates < 2:
        shared = zip(names.before_choices(), program.segments, strict=False)
        suffixes = (Stage(names.suffix(index), "suffix", path) for index, path in enumerate(program.paths))
        return (*(Stage(name, segment, program.paths[0]) for name, segment in shared), *suffixes)
    found: list[Stage] = []
    for taken in names.branches():
        choices = (*taken, *[0] * (names.n_gates - len(taken)))
        path = Path(tuple(gate[index] for gate, index in zip(program.space.gates, choices, strict=True)))
        segments = program.segments[2 * len(taken) :]
        found += (Stage(name, segment, path) for name, segment in zip(names.at(taken), segments, strict=False))
    return tuple(found)


def stage_names(plan: Plan) -> StageNames:
    space = plan.program.space
    return StageNames(tuple(map(len, space.gates)) if plan.program.gates else (), len(space))


def stage_folder(target: str) -> str:
    """Of the files of its stages, relative to the bundle: the target's name, but for onnx2tf, the other way to LiteRT's files."""
    return "litert" if target == "onnx2tf" else target


def stage_file(target: str, stage: str) -> str:
    """A stage's file, relative to the bundle."""
    return f"{stage_folder(target)}/{stage}{FILE_SUFFIXES[target]}"


def stage_values(plan: Plan, segment: Segment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the values a stage takes and gives, in the order of its signature (docs/bundle.md)."""
    return plan.program.interface(segment)


def vectors(plan: Plan) -> frozenset[str]:
    """The values that are no feature maps."""
    return frozenset(op.output for op in plan.program.ops if op.kind in ("global_pool", "linear"))


def folded(plan: Plan, op: Op, path: Path) -> tuple[Array, Array]:
    """The op's weight and bias on `path`, float32, with the epilogue folded in.

    The weight is `[c_out, c_in, k, k]` of convolutions (`c_in` 1 of a depthwise one) and `[c_out, c_in]` of linear layers. Where
    the activation is `one_plus_tanh`, both are doubled: it is `2 sigmoid(2x)`, and every runtime has a sigmoid.
    """
    shape = plan.program.weight_shape(op, path)
    weight = plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)].astype(np.float64)
    row = op.rows[plan.program.index(path)] if op.rows else 0
    scale, shift = plan.epilogues[op.name].at(row, shape[0])
    factor = 2.0 if op.activation == "one_plus_tanh" else 1.0
    scale = np.ones(shape[0]) if scale is None else scale.astype(np.float64)
    shift = np.zeros(shape[0]) if shift is None else shift.astype(np.float64)
    weight = weight * (factor * scale).reshape(-1, *[1] * (len(shape) - 1))
    match op.kind:
        case "conv2d":
            weight = weight.transpose(0, 3, 1, 2)
        case "depthwise":
            weight = weight[:, None]
        case "pointwise":
            weight = weight[..., None, None]
    return np.ascontiguousarray(weight, np.float32), np.ascontiguousarray(factor * shift, np.float32)
