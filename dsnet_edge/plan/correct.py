"""Bias correction: an fp32 Plan whose shifts anticipate what int8 would add to the mean of every channel.

Rounding a weight moves the mean of its output, and so does clipping the input; the next op sees that on every image. So the
network runs twice on the photos, in fp32 and rounded as int8 will be, and op by op the mean difference of each output channel is
taken from its shift before the next op is looked at. It costs nothing at run time: the shift is there anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.plan.calibrate import Ranges
from dsnet_edge.plan.float_ops import activate, run_float
from dsnet_edge.plan.plan import Array, Epilogue, Plan
from dsnet_edge.plan.program import Op, Segment
from dsnet_edge.plan.quant import has_table, sums_integers
from dsnet_edge.plan.quantize import quantize_weight

_IMAGES = 32  # at most, evenly spaced: all of them are in memory at once

_Values = Mapping[str, tuple[Array, Array]]  # exact and rounded


def correct_bias(plan: Plan, ranges: Ranges, images: Array) -> Plan:
    """The fp32 plan to quantise in place of `plan`; `ranges` are those of `plan` on the normalised images `[n, h, w, 3]`.

    In fp32 the result is not the better network: it lacks the error that it makes room for. A network with group norm has no
    such shifts, and stays as it is.
    """
    if any(op.kind == "group_norm" for op in plan.program.ops):
        return plan
    plan = _with_rows(plan)
    copies = {name: replace(e, shift=None if e.shift is None else e.shift.copy()) for name, e in plan.epilogues.items()}
    int8 = replace(plan, tensors=_rounded_weights(plan), epilogues=copies)
    images = images[:: -(-len(images) // _IMAGES)].astype(np.float32)
    image = plan.program.image
    values: _Values = {image: (images, _round(images, ranges.outputs[image][0]))}
    for segment in ("prefix", "gate"):
        values = _correct(plan, int8, ranges, segment, values, plan.program.paths[0])
    for path in plan.program.paths:
        _correct(plan, int8, ranges, "suffix", values, path)
    return replace(plan, epilogues=int8.epilogues)


def _correct(plan: Plan, int8: Plan, ranges: Ranges, segment: Segment, values: _Values, path: Path) -> _Values:
    """Corrects the shifts of `int8` in a segment on a path; returns the values that the suffix reads."""
    program, column = plan.program, plan.program.index(path)
    ops, kept = program.segment(segment), set(program.interface("suffix")[0])
    for index, op in enumerate(ops):
        names = [name for name in (op.input, op.input2) if name]
        bare = replace(op, activation="none")
        exact = run_float(plan, bare, [values[name][0] for name in names], path)
        rounded = run_float(int8, bare, [values[name][1] for name in names], path)
        if sums_integers(op):
            error = (rounded - exact).mean(axis=(0, 1, 2))
            shift = int8.epilogues[op.name].shift
            assert shift is not None  # of batch norm
            shift[op.rows[column], : len(error)] -= error
            rounded -= error
        if has_table(op):
            rounded = _round(rounded, ranges.before_activation[op.name][column])
        exact, rounded = activate(op.activation, exact), activate(op.activation, rounded)
        if op.output in ranges.outputs:
            rounded = _round(rounded, ranges.outputs[op.output][column])
        needed = kept | {name for later in ops[index + 1 :] for name in (later.input, later.input2)}
        values = {name: pair for name, pair in values.items() if name in needed} | {op.output: (exact, rounded)}
    return values


def _rounded_weights(plan: Plan) -> dict[str, Array]:
    """What int8 makes of the weights of convolutions, as floats."""
    rounded = dict(plan.tensors)
    for op in filter(sums_integers, plan.program.ops):
        steps, scale = quantize_weight(plan.tensors[f"{op.name}.weight"])
        rounded[f"{op.name}.weight"] = (steps * scale.reshape(-1, *[1] * (steps.ndim - 1))).astype(np.float32)
    return rounded


def _round(x: Array, bounds: Array) -> Array:
    """To the nearest of the 256 numbers that represent `[low, high]`."""
    low, high = (float(bound) for bound in bounds)
    scale = (high - low) / 255 or 1.0
    zero = round(-low / scale)
    return np.asarray((np.clip(np.rint(x / scale), -zero, 255 - zero) * scale).astype(np.float32))


def _with_rows(plan: Plan) -> Plan:
    """The same with a row for each path in the suffix: paths that share statistics do not share errors."""
    ops: list[Op] = []
    epilogues = dict(plan.epilogues)
    for op in plan.program.ops:
        if op.segment == "suffix" and sums_integers(op):
            scale, shift = epilogues[op.name].scale, epilogues[op.name].shift
            rows = list(op.rows)
            epilogues[op.name] = Epilogue(None if scale is None else scale[rows], None if shift is None else shift[rows])
            ops.append(replace(op, rows=tuple(range(len(plan.program.paths)))))
        else:
            ops.append(op)
    return replace(plan, program=replace(plan.program, ops=tuple(ops)), epilogues=epilogues)
