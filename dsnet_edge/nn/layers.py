"""Slimmable layers: full-width parameters of which every call uses a prefix (paper, eq. 2: `Y = W[:c_out, :c_in] * X`).

The input's own channel count says how much of the input side is used, an argument how much of the output side. No layer remembers
a width. Tensors are NCHW; channels_last memory is faster on CPUs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dsnet_edge.arch import GROUP, Activation


@dataclass(frozen=True)
class Statistics:
    """Where batch norm takes its mean and variance from.

    `from_batch` is training. A `momentum` above zero also moves the bank's row that far towards the batch: 1/k at the k-th
    batch is the cumulative average that recalibration wants.
    """

    from_batch: bool
    momentum: float = 0.0


BATCH = Statistics(from_batch=True)
BANK = Statistics(from_batch=False)


class BatchNorm(nn.Module):
    """Batch norm with one affine for all widths and a bank `[n_rows, C_max]` of statistics, a row for each distinct input."""

    mean: Tensor
    var: Tensor

    def __init__(self, c_max: int, *, n_rows: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(c_max))
        self.bias = nn.Parameter(torch.zeros(c_max))
        self.register_buffer("mean", torch.zeros(n_rows, c_max))
        self.register_buffer("var", torch.ones(n_rows, c_max))

    def forward(self, x: Tensor, row: int, statistics: Statistics) -> Tensor:
        c = x.shape[1]
        weight, bias = self.weight[:c], self.bias[:c]
        if statistics.from_batch and not statistics.momentum:
            return functional.batch_norm(x, None, None, weight, bias, training=True, eps=self.eps)
        mean, var = self.mean[row, :c], self.var[row, :c]
        return functional.batch_norm(x, mean, var, weight, bias, statistics.from_batch, statistics.momentum, self.eps)


class GroupNorm(nn.Module):
    """Group norm, in groups of `GROUP` channels: a prefix of the channels is a prefix of the groups, and needs no statistics of
    its own."""

    def __init__(self, c_max: int, *, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(c_max))
        self.bias = nn.Parameter(torch.zeros(c_max))

    def forward(self, x: Tensor, row: int, statistics: Statistics) -> Tensor:
        """As that of a batch norm, whose row and statistics it has no use for."""
        c = x.shape[1]
        return functional.group_norm(x, c // GROUP, self.weight[:c], self.bias[:c], self.eps)


@dataclass(frozen=True)
class Norm:
    """What follows a convolution: of an Arch, with as many rows of statistics as the convolution has distinct inputs."""

    kind: Literal["batch", "group"]
    n_rows: int
    eps: float

    def of(self, c_max: int) -> BatchNorm | GroupNorm:
        if self.kind == "group":
            return GroupNorm(c_max, eps=self.eps)
        return BatchNorm(c_max, n_rows=self.n_rows, eps=self.eps)


class Conv(nn.Module):
    """Dense convolution `[c_out_max, c_in, k, k]` without bias, then norm."""

    def __init__(self, c_in: int, c_out_max: int, kernel: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.stride, self.padding = stride, kernel // 2
        self.weight = nn.Parameter(torch.empty(c_out_max, c_in, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        self.norm = norm.of(c_out_max)

    def forward(self, x: Tensor, c_out: int, row: int, statistics: Statistics) -> Tensor:
        weight = self.weight[:c_out, : x.shape[1]]
        return self.norm(functional.conv2d(x, weight, stride=self.stride, padding=self.padding), row, statistics)


class Depthwise(nn.Module):
    """Depthwise convolution `[c_max, 1, k, k]` without bias, then norm."""

    def __init__(self, c_max: int, kernel: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.stride, self.padding = stride, kernel // 2
        self.weight = nn.Parameter(torch.empty(c_max, 1, kernel, kernel))
        nn.init.normal_(self.weight, std=math.sqrt(2 / kernel**2))  # fan-out of one channel
        self.norm = norm.of(c_max)

    def forward(self, x: Tensor, row: int, statistics: Statistics) -> Tensor:
        c = x.shape[1]
        return self.norm(
            functional.conv2d(x, self.weight[:c], stride=self.stride, padding=self.padding, groups=c), row, statistics
        )


class Pointwise(nn.Module):
    """1x1 convolution `[c_out_max, c_in_max]` without bias, then norm."""

    def __init__(self, c_in_max: int, c_out_max: int, norm: Norm, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(c_out_max, c_in_max))
        nn.init.normal_(self.weight, std=math.sqrt(2 / c_out_max))
        self.norm = norm.of(c_out_max)

    def forward(self, x: Tensor, c_out: int, row: int, statistics: Statistics) -> Tensor:
        weight = self.weight[:c_out, : x.shape[1], None, None]
        return self.norm(functional.conv2d(x, weight, stride=self.stride), row, statistics)


class Linear(nn.Module):
    """A linear layer of which prefixes of inputs and outputs are used."""

    def __init__(self, n_in: int, n_out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_out, n_in))
        nn.init.uniform_(self.weight, -1 / math.sqrt(n_in), 1 / math.sqrt(n_in))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x: Tensor, n_out: int | None = None) -> Tensor:
        bias = None if self.bias is None else self.bias[:n_out]
        return functional.linear(x, self.weight[:n_out, : x.shape[1]], bias)


def activate(x: Tensor, activation: Activation) -> Tensor:
    """The activations an Arch can name."""
    match activation:
        case "none":
            return x
        case "relu":
            return functional.relu(x)
        case "relu6":
            return functional.relu6(x)
        case "silu":
            return functional.silu(x)
        case "sigmoid":
            return torch.sigmoid(x)
        case "one_plus_tanh":
            return 1 + torch.tanh(x)
