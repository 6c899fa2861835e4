"""The ranges that feature maps take on real images, on every path: what int8 quantisation needs to know beyond the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dsnet_edge.arch import Activation, Path
from dsnet_edge.plan.float_ops import activate, run_float
from dsnet_edge.plan.plan import Array, Plan
from dsnet_edge.plan.program import Segment
from dsnet_edge.plan.quant import has_table

_SAMPLE = 1 << 14  # numbers of one feature map that its range is chosen on
_SHRINK = np.linspace(1.0, 0.4, 25)  # of the largest number found


@dataclass(frozen=True)
class Ranges:
    """`[P, 2]` lowest and highest number to represent, one row a path; the prefix has the same on all."""

    outputs: Mapping[str, Array]  # of every feature map but the image, by value
    before_activation: Mapping[str, Array]  # of every op with an activation that int8 takes from a table, by op


def calibrate(plan: Plan, images: Array) -> Ranges:
    """Ranges of an fp32 plan on normalised images `[n, h, w, 3]`: the prefix and gate once, the suffix on every path."""
    program = plan.program
    shared, common = {program.image: images.astype(np.float32)}, _Found({}, {})
    for segment in ("prefix", "gate"):
        _observe(plan, segment, shared, program.paths[0], common)
    per_path = []
    for path in program.paths:
        found = _Found(dict(common.outputs), dict(common.before_activation))
        _observe(plan, "suffix", dict(shared), path, found)
        per_path.append(found)
    return Ranges(
        {name: np.array([found.outputs[name] for found in per_path]) for name in per_path[0].outputs},
        {name: np.array([found.before_activation[name] for found in per_path]) for name in per_path[0].before_activation},
    )


@dataclass
class _Found:
    """Ranges on one path, collected op by op."""

    outputs: dict[str, Array]
    before_activation: dict[str, Array]


def _observe(plan: Plan, segment: Segment, values: dict[str, Array], path: Path, found: _Found) -> None:
    for op in plan.program.segment(segment):
        inputs = [values[name] for name in (op.input, op.input2) if name]
        raw = run_float(plan, replace(op, activation="none"), inputs, path)
        values[op.output] = activate(op.activation, raw)
        if has_table(op):
            found.before_activation[op.name] = best_range(raw, op.activation)
        if raw.ndim == 4:
            found.outputs[op.output] = best_range(values[op.output])


def best_range(numbers: Array, activation: Activation = "none") -> Array:
    """`[low, high]`, zero inside, whose 256 steps leave the least mean square error behind the activation.

    Candidates are shares of the largest and of the smallest number; the error is that of a sample.
    """
    flat = numbers.reshape(-1)
    sample = np.concatenate([flat[:: max(1, flat.size // _SAMPLE)], [flat.min(), flat.max()]]).astype(np.float64)
    exact = activate(activation, sample)

    def error(low: float, high: float) -> float:
        scale = (high - low) / 255 or 1.0
        zero = np.rint(-low / scale)
        steps = np.clip(np.rint(sample / scale) + zero, 0, 255)
        return float(((activate(activation, (steps - zero) * scale) - exact) ** 2).mean())

    low, high = min(float(flat.min()), 0.0), max(float(flat.max()), 0.0)
    high = min((float(share) * high for share in _SHRINK), key=lambda candidate: error(low, candidate))
    low = min((float(share) * low for share in _SHRINK), key=lambda candidate: error(candidate, high))
    return np.array([low, high])
