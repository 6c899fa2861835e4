"""A segment of a Plan on one path as a static torch module: sliced weights, batch norm folded in, nothing decided at run time.

Both exporters start from this module. Inside, feature maps are NCHW, as torch's convolutions are; at the boundary they are
NCHW (`layout="nchw"`, for a runtime that takes strides) or NHWC (`layout="nhwc"`). Vectors are `[1, c]` in both. Folding is
right here and only here: a static graph of one path shares its weights with no other.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dsnet_edge.arch import Activation, Path
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.program import Segment

Layout = Literal["nchw", "nhwc"]


class StageGraph(nn.Module):
    """`prefix(image) -> feature`, `gate(feature) -> (scores, attention)` or `suffix(feature, attention) -> logits`, batch 1."""

    def __init__(self, plan: Plan, segment: Segment, path: Path, layout: Layout) -> None:
        super().__init__()
        self.ops = plan.program.segment(segment)
        self.inputs, self.outputs = stage_values(plan, segment)
        vectors = {op.output for op in plan.program.ops if op.kind in ("global_pool", "linear")}
        self.nhwc = {name for name in self.inputs + self.outputs if layout == "nhwc" and name not in vectors}
        self.steps = nn.ModuleList(_step(plan, op, path, layout) for op in self.ops)

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        values = {
            name: x.permute(0, 3, 1, 2) if name in self.nhwc else x for name, x in zip(self.inputs, inputs, strict=True)
        }
        for op, step in zip(self.ops, self.steps, strict=True):
            values[op.output] = step(*(values[name] for name in (op.input, op.input2) if name))
        outputs = tuple(values[name].permute(0, 2, 3, 1) if name in self.nhwc else values[name] for name in self.outputs)
        return outputs if len(outputs) > 1 else outputs[0]


def stage_values(plan: Plan, segment: Segment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the values a stage takes and gives, in the order of its signature."""
    program = plan.program
    inputs, outputs = program.interface(segment)
    if segment == "prefix":
        return inputs, outputs
    (feature,) = program.interface("prefix")[1]
    (attention,) = set(program.interface("gate")[1]) - {program.scores}
    return ((feature,), (program.scores, attention)) if segment == "gate" else ((feature, attention), outputs)


def example_inputs(plan: Plan, segment: Segment, path: Path, layout: Layout) -> tuple[Tensor, ...]:
    """Zeros in the shapes the stage takes."""
    shapes = [plan.program.shape(name, path) for name in stage_values(plan, segment)[0]]
    return tuple(_zeros(shape, layout, vector=index == 1) for index, shape in enumerate(shapes))


def _zeros(shape: tuple[int, int, int], layout: Layout, vector: bool) -> Tensor:
    h, w, c = shape
    if vector:
        return torch.zeros(1, c)
    return torch.zeros(1, h, w, c) if layout == "nhwc" else torch.zeros(1, c, h, w).to(memory_format=torch.channels_last)


class _Convolution(nn.Module):
    """Dense, depthwise or 1x1, with its folded epilogue and activation."""

    def __init__(self, op: Op, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.op, self.groups = op, weight.shape[0] if op.kind == "depthwise" else 1
        self.weight, self.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv2d(x, self.weight, self.bias, self.op.stride, self.op.padding, groups=self.groups)
        return _activate(self.op.activation, y)


class _Linear(nn.Module):
    """Vector to vector, with its folded epilogue and activation."""

    def __init__(self, op: Op, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.op = op
        self.weight, self.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)

    def forward(self, x: Tensor) -> Tensor:
        return _activate(self.op.activation, F.linear(x, self.weight, self.bias))


class _GlobalPool(nn.Module):
    """Mean over h and w. Written over the layout the runtime keeps inside, or its converter adds a transpose."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout

    def forward(self, x: Tensor) -> Tensor:
        if self.layout == "nhwc":
            return x.permute(0, 2, 3, 1).mean((1, 2))
        return x.mean((2, 3), keepdim=True).flatten(1)  # without keepdim XNNPACK leaves the mean to a portable kernel


class _Multiply(nn.Module):
    """Feature map times a factor for each channel."""

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return x * scale[:, :, None, None]


def _step(plan: Plan, op: Op, path: Path, layout: Layout) -> nn.Module:
    if op.kind == "global_pool":
        return _GlobalPool(layout)
    if op.kind == "multiply":
        return _Multiply()
    weight, bias = _folded(plan, op, path)
    return _Linear(op, weight, bias) if op.kind == "linear" else _Convolution(op, weight, bias)


def _folded(plan: Plan, op: Op, path: Path) -> tuple[Tensor, Tensor]:
    """The weight in torch's layout and the bias, on `path`, with the epilogue folded in."""
    shape = plan.program.weight_shape(op, path)
    weight = plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)].astype(np.float64)
    row = op.rows[plan.program.index(path)] if op.rows else 0
    scale, shift = plan.epilogues[op.name].at(row, shape[0])
    factor = 2.0 if op.activation == "one_plus_tanh" else 1.0  # see _activate
    weight = weight * (factor * (np.ones(shape[0]) if scale is None else scale)).reshape(-1, *[1] * (len(shape) - 1))
    bias = np.zeros(shape[0]) if shift is None else factor * shift
    if op.kind == "conv2d":
        weight = weight.transpose(0, 3, 1, 2)
    elif op.kind == "depthwise":
        weight = weight[:, None]
    elif op.kind == "pointwise":
        weight = weight[:, :, None, None]
    return torch.tensor(weight, dtype=torch.float32), torch.tensor(bias, dtype=torch.float32)


def _activate(activation: Activation, x: Tensor) -> Tensor:
    match activation:
        case "relu":
            return F.relu(x)
        case "relu6":
            return F.relu6(x)
        case "silu":
            return F.silu(x)
        case "sigmoid":
            return torch.sigmoid(x)
        case "one_plus_tanh":  # = 2 sigmoid(2x), the 2x being in the weights: a constant here would not be delegated
            s = torch.sigmoid(x)
            return s + s
    return x
