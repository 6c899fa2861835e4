"""What every op of an int8 plan gives, by the oracle, which the native runtime equals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.plan import Plan
from dsnet_edge.plan.oracle import run_op
from dsnet_edge.plan.plan import Array

Outputs = dict[str, Array]  # by value, real numbers `[n, ...]`


def sliced_outputs(int8: Plan, exact: Mapping[str, Array], path: Path) -> tuple[Outputs, Outputs]:
    """Own and accumulated outputs by value, real numbers `[n, ...]`, on a path; `exact` are the fp32 network's values."""
    image = int8.program.image
    running: dict[str, Array] = {image: exact[image]}
    own: dict[str, Array] = {}
    for op in int8.program.ops:
        names = [name for name in (op.input, op.input2) if name]
        inputs = [exact[name] if name == image else _stored(int8, name, exact[name], path) for name in names]
        own[op.output] = _real(int8, op.output, run_op(int8, op, inputs, path), path)
        running[op.output] = run_op(int8, op, [running[name] for name in names], path)
    return own, {op.output: _real(int8, op.output, running[op.output], path) for op in int8.program.ops}


def _stored(plan: Plan, name: str, real: Array, path: Path) -> Array:
    """Real numbers as the plan stores the value on a path."""
    if plan.program.value(name).type != "i8":
        return real.astype(np.float32)
    scale, zero_point = _affine(plan, name, path)
    return np.clip(np.rint(real / scale) + zero_point, -128, 127).astype(np.int8)


def _real(plan: Plan, name: str, stored: Array, path: Path) -> Array:
    if plan.program.value(name).type != "i8":
        return stored.astype(np.float64)
    scale, zero_point = _affine(plan, name, path)
    return scale * (stored.astype(np.float64) - zero_point)


def _affine(plan: Plan, name: str, path: Path) -> tuple[float, int]:
    assert plan.quant is not None  # of an int8 plan
    column = plan.program.index(path)
    return float(plan.quant.scales[name][column]), int(plan.quant.zero_points[name][column])
