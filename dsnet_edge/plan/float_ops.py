"""The ops of a Plan in floating point, with the weights sliced for a path: NumPy, slow and obviously right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dsnet_edge.arch import GROUP, Activation, Path
from dsnet_edge.plan.elements import decode
from dsnet_edge.plan.plan import Array, Plan
from dsnet_edge.plan.program import Op


def run_float(plan: Plan, op: Op, inputs: list[Array], path: Path) -> Array:
    """One op, in the floating type of its inputs."""
    x = inputs[0]
    if op.kind == "global_pool":
        return x.mean(axis=(1, 2))
    if op.kind == "multiply":
        return x * inputs[1][:, None, None, :]
    if op.kind == "add":
        return activate(op.activation, x + inputs[1])
    if op.kind == "max_pool":
        return max_pool(op, x, -np.inf)
    if op.kind == "group_norm":
        return _group_norm(plan, op, x)
    shape = plan.program.weight_shape(op, path)
    weight = decode(plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)]).astype(x.dtype)
    y = product(x, weight) if op.kind in ("pointwise", "linear") else convolve(op, x, weight)
    row = op.rows[plan.program.index(path)] if op.rows else 0
    scale, shift = plan.epilogues[op.name].at(row, shape[0])
    y = y if scale is None else y * scale
    y = y if shift is None else y + shift
    return activate(op.activation, y)


def _group_norm(plan: Plan, op: Op, x: Array) -> Array:
    """`gamma (x - mean) / sqrt(var + eps) + beta`, of each image and group of channels."""
    groups = x.reshape(*x.shape[:3], -1, GROUP)
    mean, var = groups.mean(axis=(1, 2, 4), keepdims=True), groups.var(axis=(1, 2, 4), keepdims=True)
    y = ((groups - mean) / np.sqrt(var + plan.norm_eps)).reshape(x.shape)
    gamma, beta = affine(plan, op, x.shape[3])
    return activate(op.activation, y * gamma + beta)


def affine(plan: Plan, op: Op, channels: int) -> tuple[Array, Array]:
    """Gamma and beta of a norm."""
    gamma, beta = plan.epilogues[op.name].at(0, channels)
    assert gamma is not None and beta is not None  # every norm has both
    return gamma, beta


def max_pool(op: Op, x: Array, least: float) -> Array:
    """Of the taps of the kernel, with `least` around the input."""
    y: Array | None = None
    for view in (view for _, _, view in taps(op, x, least)):
        y = view if y is None else np.maximum(y, view)
    assert y is not None  # a kernel has a tap
    return y


def product(x: Array, weight: Array) -> Array:
    """`[..., c_in]` by `[c_out, c_in]`, in one call: NumPy would make a product of its own of every row of pixels."""
    return (x.reshape(-1, x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], -1)


def convolve(op: Op, x: Array, weight: Array) -> Array:
    """Sum over the taps of the kernel."""
    y: Array | float = 0.0
    for ky, kx, view in taps(op, x, 0):
        tap = weight[:, ky, kx]
        y = y + (view * tap if op.kind == "depthwise" else product(view, tap))
    return np.asarray(y)


def taps(op: Op, x: Array, padding: float) -> Iterator[tuple[int, int, Array]]:
    """Place of each tap of the kernel, and the shifted and strided view of the padded input that it sees."""
    p, s, k = op.padding, op.stride, op.kernel
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), constant_values=padding)
    height, width = ((size + 2 * p - k) // s + 1 for size in x.shape[1:3])
    for ky in range(k):
        for kx in range(k):
            yield ky, kx, padded[:, ky : ky + s * (height - 1) + 1 : s, kx : kx + s * (width - 1) + 1 : s]


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
