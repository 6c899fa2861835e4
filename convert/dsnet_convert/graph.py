"""A segment of a Plan on one path as a static torch module: sliced weights, batch norm folded in, nothing decided at run time.

Both exporters start here, each in the layout its runtime computes in, so that no transpose and no reshape is left inside:
`nchw` for ExecuTorch, whose vectors are `[1, c, 1, 1]` maps inside and whose linear layers are 1x1 convolutions (its XNNPACK
partitioner takes them whole); `nhwc` for LiteRT, whose vectors are `[1, c]`. At the boundary vectors are `[1, c]` in both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dsnet_convert.stage import Stage, folded, stage_values, vectors
from dsnet_edge.arch import GROUP, Activation, Path
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.float_ops import affine

Layout = Literal["nchw", "nhwc"]


class StageGraph(nn.Module):
    """`prefix(image) -> feature`, `gate(feature) -> (scores, attention)`, `suffix(feature, attention) -> logits`, batch 1.

    Without a gate `suffix(image)`, and of several gates `segment(feature, attention) -> feature`, too.
    """

    def __init__(self, plan: Plan, stage: Stage, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.ops = plan.program.segment(stage.segment)
        self.inputs, self.outputs = stage_values(plan, stage.segment)
        self.vectors = vectors(plan)
        self.steps = nn.ModuleList(_step(plan, op, stage.path, layout) for op in self.ops)
        self.eval()

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        values = {name: self._enter(name, x) for name, x in zip(self.inputs, inputs, strict=True)}
        for op, step in zip(self.ops, self.steps, strict=True):
            values[op.output] = step(*(values[name] for name in (op.input, op.input2) if name))
        outputs = tuple(self._leave(name, values[name]) for name in self.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    def _enter(self, name: str, x: Tensor) -> Tensor:
        return x.view(1, -1, 1, 1) if self.layout == "nchw" and name in self.vectors else x

    def _leave(self, name: str, x: Tensor) -> Tensor:
        return x.view(1, -1) if self.layout == "nchw" and name in self.vectors else x


def example_inputs(plan: Plan, stage: Stage, layout: Layout) -> tuple[Tensor, ...]:
    """Zeros in the shapes the stage takes; `nchw` maps are channels_last in memory, so that a NHWC image is passed as it is."""
    return tuple(_zeros(plan, stage, layout, name) for name in stage_values(plan, stage.segment)[0])


def stage_inputs(plan: Plan, stage: Stage, images: np.ndarray, layout: Layout) -> list[tuple[Tensor, ...]]:
    """What the stage takes for each of the normalised images `[n, h, w, 3]`, in fp32."""
    entered = [torch.from_numpy(image)[None] for image in images]
    if layout == "nchw":
        entered = [image.permute(0, 3, 1, 2) for image in entered]
    program, (first, *_) = plan.program, stage_values(plan, stage.segment)[0]
    if first == program.image:
        return [(image,) for image in entered]
    with torch.no_grad():
        values = [{program.image: image} for image in entered]
        for segment in program.segments[: program.segments.index(stage.segment)]:
            graph = StageGraph(plan, replace(stage, segment=segment), layout)
            for known in values:
                found = graph(*(known[name] for name in graph.inputs))
                known.update(zip(graph.outputs, found if isinstance(found, tuple) else (found,), strict=True))
    return [tuple(known[name] for name in stage_values(plan, stage.segment)[0]) for known in values]


def _zeros(plan: Plan, stage: Stage, layout: Layout, name: str) -> Tensor:
    h, w, c = plan.program.shape(name, stage.path)
    if name in vectors(plan):
        return torch.zeros(1, c)
    x = torch.zeros(1, h, w, c)
    return x if layout == "nhwc" else x.permute(0, 3, 1, 2)


class _Convolution(nn.Module):
    """Dense, depthwise or 1x1 convolution with bias and activation."""

    def __init__(self, op: Op, weight: Tensor, bias: Tensor, layout: Layout) -> None:
        super().__init__()
        self.op, self.layout = op, layout
        self.groups = weight.shape[0] if op.kind == "depthwise" else 1
        self.weight, self.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)

    def forward(self, x: Tensor) -> Tensor:
        if self.layout == "nhwc":  # LiteRT's converter cancels this pair against its own NHWC convolution
            return _activate(self.op.activation, self._convolve(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return _activate(self.op.activation, self._convolve(x))

    def _convolve(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, self.bias, self.op.stride, self.op.padding, groups=self.groups)


class _Linear(nn.Module):
    """`[1, c_in]` to `[1, c_out]`, with bias and activation."""

    def __init__(self, op: Op, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.op = op
        self.weight, self.bias = nn.Parameter(weight, False), nn.Parameter(bias, False)

    def forward(self, x: Tensor) -> Tensor:
        return _activate(self.op.activation, functional.linear(x, self.weight, self.bias))


class _GlobalPool(nn.Module):
    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout

    def forward(self, x: Tensor) -> Tensor:
        if self.layout == "nhwc":
            return x.mean((1, 2))
        return x.mean((2, 3), keepdim=True)  # without keepdim XNNPACK leaves the mean to a portable kernel


class _Multiply(nn.Module):
    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return x * (scale[:, None, None, :] if self.layout == "nhwc" else scale)


class _Add(nn.Module):
    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        return _activate(self.activation, x + shortcut)


class _MaxPool(nn.Module):
    """What it pools comes from a ReLU, so that zeros around it are as good as nothing, and no runtime refuses the padding."""

    def __init__(self, op: Op, layout: Layout) -> None:
        super().__init__()
        self.op, self.layout = op, layout

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, p = self.op.kernel, self.op.stride, self.op.padding
        if self.layout == "nchw":
            return functional.max_pool2d(x, kernel, stride, p)
        padded = functional.pad(x, (0, 0, p, p, p, p)).permute(0, 3, 1, 2)
        return functional.max_pool2d(padded, kernel, stride).permute(0, 2, 3, 1)


class _GroupNorm(nn.Module):
    """In ops that XNNPACK has: the means of channels and of their squares, averaged over each group by a 1x1 convolution with as
    many groups, and then a factor and an offset for each channel.

    All constants are weights and biases of such convolutions: XNNPACK's partitioner leaves those of products and sums outside.
    """

    def __init__(self, plan: Plan, op: Op, path: Path, layout: Layout) -> None:
        super().__init__()
        self.op, self.layout = op, layout
        c = plan.program.shape(op.output, path)[2]
        gamma, beta = (torch.from_numpy(part.copy()) for part in affine(plan, op, c))
        self.gamma, self.beta = nn.Parameter(gamma.view(c, 1, 1, 1), False), nn.Parameter(beta, False)
        self.average = nn.Parameter(torch.full((c, GROUP, 1, 1), 1 / GROUP), False)
        self.minus = nn.Parameter(torch.full((c, 1, 1, 1), -1.0), False)
        self.eps, self.none = nn.Parameter(torch.full((c,), plan.norm_eps), False), nn.Parameter(torch.zeros(c), False)

    def forward(self, x: Tensor) -> Tensor:
        mean = self._convolve(self._pool(x), self.average, self.none)
        var = self._convolve(self._pool(x * x), self.average, self.eps) - mean * mean
        factor = self._convolve(torch.rsqrt(var), self.gamma, self.none)
        return _activate(self.op.activation, x * factor + self._convolve(mean * factor, self.minus, self.beta))

    def _pool(self, x: Tensor) -> Tensor:
        return x.mean((2, 3) if self.layout == "nchw" else (1, 2), keepdim=True)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        groups = len(weight) // weight.shape[1]
        if self.layout == "nhwc":
            return functional.conv2d(x.permute(0, 3, 1, 2), weight, bias, groups=groups).permute(0, 2, 3, 1)
        return functional.conv2d(x, weight, bias, groups=groups)


def _step(plan: Plan, op: Op, path: Path, layout: Layout) -> nn.Module:
    match op.kind:
        case "global_pool":
            return _GlobalPool(layout)
        case "multiply":
            return _Multiply(layout)
        case "add":
            return _Add(op.activation)
        case "max_pool":
            return _MaxPool(op, layout)
        case "group_norm":
            return _GroupNorm(plan, op, path, layout)
        case _:
            return _weighted(plan, op, path, layout)


def _weighted(plan: Plan, op: Op, path: Path, layout: Layout) -> nn.Module:
    weight, bias = (torch.from_numpy(array) for array in folded(plan, op, path))
    if op.kind != "linear":
        return _Convolution(op, weight, bias, layout)
    return _Linear(op, weight, bias) if layout == "nhwc" else _Convolution(op, weight[..., None, None], bias, layout)


def _activate(activation: Activation, x: Tensor) -> Tensor:
    match activation:
        case "relu":
            return functional.relu(x)
        case "relu6":
            return functional.relu6(x)
        case "silu":
            # torch's own takes the way through float32 in float16, and XNNPACK does not take the casts
            return x * torch.sigmoid(x) if x.dtype == torch.float16 else functional.silu(x)
        case "sigmoid":
            return torch.sigmoid(x)
        case "one_plus_tanh":  # the 2x is in the weights (`folded`); XNNPACK does not take the constant in 1 + tanh(x)
            s = torch.sigmoid(x)
            return s + s
    return x
