"""The ops of an int8 plan on integers, formula by formula as docs/format.md states them. Feature maps are int8 arrays."""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import GROUP, Path
from dsnet_edge.plan.float_ops import affine, convolve, max_pool, product, run_float
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
    match op.kind:
        case "multiply":
            y = _multiply(quant, op, inputs[0], inputs[1], column)
        case "add":
            y = _add(quant, op, inputs, column)
        case "max_pool":
            y = max_pool(op, inputs[0], -128)
        case "group_norm":
            y = _group_norm(plan, quant, op, inputs[0], column)
        case "global_pool":
            y = _global_pool(quant, op, inputs[0], column)
        case _:
            y = run_float(plan, op, [x.astype(np.float64) for x in inputs], path).astype(np.float32)
    return y


def _global_pool(quant: Quant, op: Op, q: Array, column: int) -> Array:
    n = q.shape[1] * q.shape[2]
    total = q.sum(axis=(1, 2), dtype=np.int32) - n * quant.zero_points[op.input][column]
    return np.asarray(total.astype(np.float32) * (quant.scales[op.input][column] / np.float32(n)))


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
    steps = np.clip(steps, *_bounds(quant, op, column)).astype(np.int8)
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
    return np.clip(np.rint(total), *_bounds(quant, op, column)).astype(np.int8)


def _group_norm(plan: Plan, quant: Quant, op: Op, q: Array, column: int) -> Array:
    """Statistics from exact sums of integers; a factor and an offset for each channel, rounded to float32."""
    step, out = float(quant.scales[op.input][column]), float(quant.scales[op.output][column])
    x = q.astype(np.int64) - int(quant.zero_points[op.input][column])
    groups = x.reshape(*x.shape[:3], -1, GROUP)
    count = groups[0, ..., 0, :].size
    mean = groups.sum(axis=(1, 2, 4)) / count
    var = (groups**2).sum(axis=(1, 2, 4)) / count - mean**2
    inverse = np.repeat(step / np.sqrt(var * step**2 + plan.norm_eps), GROUP, axis=1)
    gamma, beta = (part.astype(np.float64) for part in affine(plan, op, q.shape[3]))
    factor, offset = gamma * inverse / out, (beta - gamma * inverse * np.repeat(mean, GROUP, axis=1)) / out
    offset += int(quant.zero_points[op.output][column])
    factor, offset = (part.astype(np.float32)[:, None, None, :] for part in (factor, offset))
    return np.clip(np.rint(fma(x.astype(np.float32), factor, offset)), *_bounds(quant, op, column)).astype(np.int8)


def _bounds(quant: Quant, op: Op, column: int) -> tuple[float, float]:
    """Between which integers the op's output lies, by its activation."""
    zero = float(quant.zero_points[op.output][column])
    low = zero if op.activation in ("relu", "relu6") else -128.0
    six = float(np.rint(np.float32(6) / quant.scales[op.output][column]))
    return low, min(127.0, zero + six) if op.activation == "relu6" else 127.0


def fma(x: Array, factor: Array, addend: Array) -> Array:
    """`x * factor + addend` of float32 numbers, rounded once to float32 (up to the rounding of a float64 sum)."""
    return (x.astype(np.float64) * factor + addend).astype(np.float32)


def _store(x: Array) -> Array:
    return np.clip(np.rint(x), -128, 127).astype(np.int8)
