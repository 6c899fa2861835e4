"""fp32 Plan -> int8 Plan.

Weights get one scale an output channel, from the full row, so that every path slices the same int8 blob. Feature maps get a
scale and a zero point a path. What remains of batch norm, of the weight's scale and of the scales of input and output is one
multiplier and one bias an output channel and path: the epilogue (docs/format.md). The image is a feature map like the others.
Linear layers keep float32 vectors and only store their weights as int8; the slimming head stays float32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dsnet_edge.arch import Activation
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.calibrate import Ranges
from dsnet_edge.plan.float_ops import activate
from dsnet_edge.plan.plan import Array, Epilogue, Plan
from dsnet_edge.plan.program import Op, Program
from dsnet_edge.plan.quant import Quant, has_table, sums_integers

_LOW, _HIGH = -128, 127
_SMALLEST_RANGE = 1e-3  # of a feature map that is all but zero; batch norm makes the others about 1


@dataclass(frozen=True)
class _Affine:
    """`real = scale * (q - zero_point)`, each `[P]`."""

    scale: Array  # float32
    zero_point: Array  # int32


def quantize(plan: Plan, ranges: Ranges) -> Plan:
    """The int8 plan of an fp32 plan; `ranges` come from `calibrate`.

    Raises DsnetError, naming op and path, where the ranges do not fit the plan's weights.
    """
    program = plan.program
    maps = {name: _affine(bounds) for name, bounds in ranges.outputs.items()}
    tensors, epilogues = dict(plan.tensors), dict(plan.epilogues)
    sums: dict[str, Array] = {}
    tables: dict[str, Array] = {}
    ops: dict[str, Op] = {}
    for op in program.ops:
        key = f"{op.name}.weight"
        if op.kind == "linear" and op not in program.slimming_head:
            tensors[key], weight_scale = quantize_weight(plan.tensors[key])
            epilogues[op.name] = Epilogue(weight_scale[None].astype(np.float32), plan.epilogues[op.name].shift)
            ops[op.name] = replace(op, rows=(0,) * len(program.paths))
        elif sums_integers(op):
            tensors[key], weight_scale = quantize_weight(plan.tensors[key])
            before = _affine(ranges.before_activation[op.name]) if has_table(op) else maps[op.output]
            columns, rows = _rows(program, op, (maps[op.input], before, maps[op.output]))
            epilogues[op.name] = _requantisation(plan, op, weight_scale, maps[op.input], before, columns)
            sums[op.name] = np.array([_sums(program, op, tensors[key], column) for column in columns])
            if has_table(op):
                tables[op.name] = np.array([_table(op.activation, before, maps[op.output], column) for column in columns])
            ops[op.name] = replace(op, rows=rows)
        elif op.kind in ("add", "group_norm") and op.activation not in ("none", "relu", "relu6"):
            reason = f"int8 has no {op.activation} behind {op.kind}, only relu and relu6"
            raise DsnetError(f"{op.name}: {reason}; convert in another precision")
    quant = Quant({name: m.scale for name, m in maps.items()}, {name: m.zero_point for name, m in maps.items()}, sums, tables)
    program = replace(program, ops=tuple(ops.get(op.name, op) for op in program.ops)).with_precision("int8")
    return replace(plan, program=program, tensors=tensors, epilogues=epilogues, quant=quant)


def _rows(program: Program, op: Op, affines: tuple[_Affine, ...]) -> tuple[list[int], tuple[int, ...]]:
    """A column for each distinct row of the op's tables, and the row that each path takes.

    With one gate every path behind it has its own; else paths share a row where all that it is made of is the same.
    """
    one_gate, behind = len(program.gates) < 2, program.segments.index(op.segment) >= 2
    made_of = [
        (path.choices if behind else ())
        if one_gate
        else (program.value(op.input).channels[column], *((a.scale[column], a.zero_point[column]) for a in affines))
        for column, path in enumerate(program.paths)
    ]
    first = {key: column for column, key in reversed(list(enumerate(made_of)))}
    columns = sorted(first.values())
    return columns, tuple(columns.index(first[key]) for key in made_of)


def quantize_weight(weight: Array) -> tuple[Array, Array]:
    """int8 weights in -127..127, and their scale for each output channel, float64 `[c_out]`."""
    flat = weight.reshape(len(weight), -1).astype(np.float64)
    largest = np.abs(flat).max(axis=1)
    scale = np.where(largest > 0, largest, 1) / 127
    return np.rint(flat / scale[:, None]).astype(np.int8).reshape(weight.shape), scale


def _affine(bounds: Array) -> _Affine:
    """From `[P, 2]` lowest and highest numbers, zero between them."""
    low, high = bounds.T
    scale = np.maximum(high - low, _SMALLEST_RANGE).astype(np.float32) / np.float32(_HIGH - _LOW)
    return _Affine(scale, np.clip(np.rint(_LOW - low / scale), _LOW, _HIGH).astype(np.int32))


def _requantisation(plan: Plan, op: Op, weight_scale: Array, source: _Affine, before: _Affine, columns: list[int]) -> Epilogue:
    """The epilogue that turns the integer sum into what `before` represents, a row for each of the columns."""
    scales, shifts = [], []
    for column in columns:
        row = op.rows[column] if op.rows else 0
        scale, shift = plan.epilogues[op.name].at(row, len(weight_scale))
        norm_scale = np.ones(1) if scale is None else scale.astype(np.float64)
        norm_shift = np.zeros(len(weight_scale)) if shift is None else shift.astype(np.float64)
        step = float(before.scale[column])
        scales.append(float(source.scale[column]) * weight_scale * norm_scale / step)
        shifts.append(norm_shift / step + before.zero_point[column])
        inputs = plan.tensors[f"{op.name}.weight"][0].size
        if (np.abs(scales[-1]) * 255 * 127 * inputs + np.abs(shifts[-1])).max() >= 2**30:  # the format's bound
            found = "weights and batch norm reach far beyond the activations found in calibration"
            raise DsnetError(f"{op.name}, path {column}: {found}; calibrate on more photos, or train again")
    return Epilogue(np.array(scales, np.float32), np.array(shifts, np.float32))


def _sums(program: Program, op: Op, weight: Array, column: int) -> Array:
    """Of each output channel's weights over the inputs of a path, int32 `[c_max]`."""
    if op.kind != "depthwise":
        weight = weight[..., : program.value(op.input).channels[column]]
    return weight.reshape(len(weight), -1).sum(axis=1, dtype=np.int32)


def _table(activation: Activation, before: _Affine, after: _Affine, column: int) -> Array:
    """The activation as int8 `[256]`, by `q + 128` of its argument."""
    argument = float(before.scale[column]) * (np.arange(_LOW, _HIGH + 1) - before.zero_point[column])
    result = activate(activation, argument) / float(after.scale[column]) + after.zero_point[column]
    return np.clip(np.rint(result), _LOW, _HIGH).astype(np.int8)
