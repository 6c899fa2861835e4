"""The NumPy interpreter of a Plan: slow, in float64, and obviously right. Every backend is tested against it."""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import Activation, Path
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
    """Logits `[n, classes]` on `path`, and the gate's scores `[n, paths]`, of normalised images `[n, h, w, 3]`."""
    values = {plan.program.image: images.astype(np.float64)}
    for segment in ("prefix", "gate", "suffix"):
        values = run_segment(plan, segment, values, path)
    return values[plan.program.logits].astype(np.float32), values[plan.program.scores].astype(np.float32)


def infer_dynamic(plan: Plan, images: Array) -> tuple[Array, Array]:
    """Logits `[n, classes]` with every image on the path its gate chooses, and the indices of those paths `[n]`."""
    paths = plan.program.space.paths()
    _, scores = infer(plan, images, paths[0])
    choice = scores.argmax(axis=1)
    logits = [infer(plan, image[None], paths[index])[0] for image, index in zip(images, choice, strict=True)]
    return np.concatenate(logits), choice


def run_op(plan: Plan, op: Op, inputs: list[Array], path: Path) -> Array:
    """One op on float64 inputs, with the weights sliced for `path`."""
    x = inputs[0]
    if op.kind == "global_pool":
        return x.mean(axis=(1, 2))
    if op.kind == "multiply":
        return x * inputs[1][:, None, None, :]
    shape = plan.program.weight_shape(op, path)
    weight = plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)].astype(np.float64)
    y = x @ weight.T if op.kind in ("pointwise", "linear") else _convolve(op, x, weight)
    row = op.rows[plan.program.index(path)] if op.rows else 0
    scale, shift = plan.epilogues[op.name].at(row, shape[0])
    y = y if scale is None else y * scale
    y = y if shift is None else y + shift
    return activate(op.activation, y)


def _convolve(op: Op, x: Array, weight: Array) -> Array:
    """Sum over the taps of the kernel, each a shifted and strided view of the padded input."""
    p, s, k = op.padding, op.stride, op.kernel
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    height, width = ((size + 2 * p - k) // s + 1 for size in x.shape[1:3])
    y = 0.0
    for ky in range(k):
        for kx in range(k):
            view = padded[:, ky : ky + s * (height - 1) + 1 : s, kx : kx + s * (width - 1) + 1 : s]
            tap = weight[:, ky, kx]
            y = y + (view * tap if op.kind == "depthwise" else view @ tap.T)
    return np.asarray(y)


def activate(activation: Activation, x: Array) -> Array:
    if activation == "relu":
        return np.maximum(x, 0)
    if activation == "relu6":
        return np.clip(x, 0, 6)
    if activation == "one_plus_tanh":
        return 1 + np.tanh(x)
    if activation in ("sigmoid", "silu"):
        sigmoid = 0.5 * (1 + np.tanh(0.5 * x))  # without overflow
        return sigmoid if activation == "sigmoid" else x * sigmoid
    return x
