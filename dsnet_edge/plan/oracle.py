"""The NumPy interpreter of a Plan: slow, in float64, and obviously right. Every backend is tested against it.

Feature maps are rounded to what the plan's precision stores; those of an int8 plan are integers (`int8_ops`).
"""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.plan.elements import decode, encode
from dsnet_edge.plan.float_ops import run_float
from dsnet_edge.plan.int8_ops import run_int8
from dsnet_edge.plan.plan import Array, Plan
from dsnet_edge.plan.program import Op, Segment


def run_segment(plan: Plan, segment: Segment, values: dict[str, Array], path: Path) -> dict[str, Array]:
    """Runs the ops of a segment on `values` (by name, `[n, h, w, c]`, vectors `[n, c]`); returns all values then known."""
    values = dict(values)
    for op in plan.program.segment(segment):
        inputs = [values[name] for name in (op.input, op.input2) if name]
        values[op.output] = run_op(plan, op, inputs, path)
    return values


def infer(plan: Plan, images: Array, path: Path) -> tuple[Array, Array]:
    """Logits `[n, classes]` on `path`, and the scores of every gate, one after the other, `[n, choices]`, of normalised images
    `[n, h, w, 3]`."""
    values = {plan.program.image: images.astype(np.float64)}
    for segment in plan.program.segments:
        values = run_segment(plan, segment, values, path)
    scores = [values[name] for name in plan.program.gates]
    scores.append(np.zeros((len(images), 0)))  # of a network without a gate
    return values[plan.program.logits].astype(np.float32), np.concatenate(scores, axis=1).astype(np.float32)


def infer_dynamic(plan: Plan, images: Array) -> tuple[Array, Array]:
    """Logits `[n, classes]` with every image on the path its gates choose, and the indices of those paths `[n]`."""
    found = [_dynamic(plan, image[None]) for image in images]
    return np.concatenate([logits for logits, _ in found]), np.array([plan.program.index(path) for _, path in found])


def _dynamic(plan: Plan, image: Array) -> tuple[Array, Path]:
    """Every gate takes the choice with the best score; without one, the widest path runs."""
    program = plan.program
    path = program.space.widest if not program.gates else program.space.slimmest
    values = {program.image: image.astype(np.float64)}
    for index, segment in enumerate(program.segments):
        values = run_segment(plan, segment, values, path)
        if program.gates and index % 2:
            gate = index // 2
            choice = program.space.gates[gate][int(values[program.gates[gate]].argmax())]
            path = Path((*path.choices[:gate], choice, *path.choices[gate + 1 :]))
    return values[program.logits].astype(np.float32), path


def run_op(plan: Plan, op: Op, inputs: list[Array], path: Path) -> Array:
    """One op, with the weights sliced for `path`."""
    element = plan.program.value(op.output).type
    if plan.quant:
        return run_int8(plan, op, inputs, path)
    y = run_float(plan, op, inputs, path)
    return y if element == "f32" else decode(encode(y, element)).astype(y.dtype)
