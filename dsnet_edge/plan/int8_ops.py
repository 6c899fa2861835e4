"""The ops of an int8 plan on integers, formula by formula as docs/format.md states them. Feature maps are int8 arrays."""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.plan.float_ops import convolve, product, run_float
from dsnet_edge.plan.plan import Array, Plan
from dsnet_edge.plan.program import Op
from dsnet_edge.plan.quant import Quant, sums_integers


def run_int8(plan: Plan, op: Op, inputs: list[Array], path: Path) -> Array:
    """One op; i8 inputs and outputs as int8 arrays, f32 ones as float32."""
    assert plan.quant is not None
    quant, column = plan.quant, plan.program.index(path)
    if sums_integers(op):
        image = op.input == plan.program.image
        return _convolution(plan, quant, op, _image(quant, op.input, inputs[0]) if image else inputs[0], path)
    if op.kind == "multiply":
        return _multiply(quant, op, inputs[0], inputs[1], column)
    if op.kind == "add":
        return _add(quant, op, inputs, column)
    if op.kind == "global_pool":
        n = inputs[0].shape[1] * inputs[0].shape[2]
        total = inputs[0].sum(axis=(1, 2), dtype=np.int32) - n * quant.zero_points[op.input][column]
        return total.astype(np.float32) * (quant.scales[op.input][column] / np.float32(n))
    return run_float(plan, op, [x.astype(np.float64) for x in inputs], path).astype(np.float32)


def _image(quant: Quant, name: str, x: Array) -> Array:
    """The float image as integers."""
    return _store(fma(x.astype(np.float32), np.float32(1) / quant.scales[name][0], quant.zero_points[name][0]))


def _convolution(plan: Plan, quant: Quant, op: Op, q: Array, path: Path) -> Array:
    """Dense, depthwise or pointwise. The integer sum is computed in float64, which holds it exactly."""
    column = plan.program.index(path)
    shape = plan.program.weight_shape(op, path)
    weight = plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)].astype(np.float64)
    x = q.astype(np.float64) - quant.zero_points[op.input][column]
    sums = (product(x, weight) if op.kind == "pointwise" else convolve(op, x, weight)).astype(np.float32)
    row = op.rows[column]
    scale, shift = plan.epilogues[op.name].at(row, shape[0])
    assert scale is not None and shift is not None  # every int8 convolution has both
    steps = np.rint(fma(sums, scale, shift))
    low, high = -128.0, 127.0
    if op.activation in ("relu", "relu6"):
        low = float(quant.zero_points[op.output][column])
    if op.activation == "relu6":
        high = min(127.0, low + float(np.rint(np.float32(6) / quant.scales[op.output][column])))
    steps = np.clip(steps, low, high).astype(np.int8)
    return quant.tables[op.name][row][steps.astype(np.int16) + 128] if op.name in quant.tables else steps


def _multiply(quant: Quant, op: Op, q: Array, factor: Array, column: int) -> Array:
    ratio = quant.scales[op.input][column] / quant.scales[op.output][column]
    x = (q.astype(np.int32) - quant.zero_points[op.input][column]).astype(np.float32)
    return _store(fma(x, (factor * ratio)[:, None, None, :], quant.zero_points[op.output][column]))


def _add(quant: Quant, op: Op, inputs: list[Array], column: int) -> Array:
    total: Array = quant.zero_points[op.output][column]
    for name, q in zip((op.input2, op.input), reversed(inputs), strict=True):
        assert name is not None  # an add has two
        ratio = quant.scales[name][column] / quant.scales[op.output][column]
        total = fma((q.astype(np.int32) - quant.zero_points[name][column]).astype(np.float32), ratio, total)
    return _store(total)


def fma(x: Array, factor: Array, addend: Array) -> Array:
    """`x * factor + addend` of float32 numbers, rounded once to float32 (up to the rounding of a float64 sum)."""
    return (x.astype(np.float64) * factor + addend).astype(np.float32)


def _store(x: Array) -> Array:
    return np.clip(np.rint(x), -128, 127).astype(np.int8)
