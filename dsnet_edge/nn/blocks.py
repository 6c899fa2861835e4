"""Blocks of a slimmable network. `forward(x, choice, statistics)` for `x` `[N, C, H, W]`; no block remembers a width.

A block with attention has two parts, `enter` and `leave`, so that the network can be cut between them, at the attention.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from dsnet_edge.arch import Arch, Block
from dsnet_edge.nn.attention import ChannelAttention
from dsnet_edge.nn.layers import Conv, Depthwise, Norm, Pointwise, Statistics, activate


class PlainBlock(nn.Module):
    """Convolution, dense or 1x1, norm, activation."""

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows = arch.blocks[index], arch.rows(index)
        c_in, c_out, norm = _c_in_max(arch, index), self.block.widths[-1], _norm(arch, index)
        if self.block.kind == "conv":
            self.conv = Conv(c_in, c_out, self.block.kernel, self.block.stride, norm)
        else:
            self.pointwise = Pointwise(c_in, c_out, norm)

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        layer = self.conv if self.block.kind == "conv" else self.pointwise
        return activate(layer(x, self.block.widths[choice], self.rows[choice], statistics), self.block.activation)


class MaxPool(nn.Module):
    """The largest of each window of a feature map, of any width."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(block.kernel, block.stride, block.kernel // 2)

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        pooled: Tensor = self.pool(x)
        return pooled


class CutBlock(nn.Module, ABC):
    """What the blocks that can have attention have in common."""

    block: Block
    attention: ChannelAttention | None

    @abstractmethod
    def enter(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        """The features that the attention reads."""

    @abstractmethod
    def leave(self, features: Tensor, attention: Tensor | None, choice: int, statistics: Statistics) -> Tensor:
        """The block's output, from those features and the attention's factor for each of their channels `[N, C]`."""

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        features = self.enter(x, choice, statistics)
        attention = None if self.attention is None else self.attention(features)[1]
        return self.leave(features, attention, choice, statistics)


class SeparableBlock(CutBlock):
    """[attention] - depthwise - norm - activation - [attention] - pointwise - norm - activation."""

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows_in, self.rows = arch.blocks[index], arch.rows(index - 1), arch.rows(index)
        c_in = _c_in_max(arch, index)
        self.depthwise = Depthwise(c_in, self.block.kernel, self.block.stride, _norm(arch, index - 1))
        self.pointwise = Pointwise(c_in, self.block.widths[-1], _norm(arch, index))
        self.attention = ChannelAttention(c_in, self.block.attention) if self.block.attention else None
        self.cut_first = self.block.attention is not None and self.block.attention.where == "start"

    def enter(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        return x if self.cut_first else self._spread(x, choice, statistics)

    def leave(self, features: Tensor, attention: Tensor | None, choice: int, statistics: Statistics) -> Tensor:
        x = _scale(features, attention)
        if self.cut_first:
            x = self._spread(x, choice, statistics)
        x = self.pointwise(x, self.block.widths[choice], self.rows[choice], statistics)
        return activate(x, self.block.activation)

    def _spread(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        return activate(self.depthwise(x, self.rows_in[choice], statistics), self.block.activation)


class InvertedBlock(CutBlock):
    """pointwise - norm - activation - depthwise - norm - activation - [attention] - pointwise - norm, and perhaps a shortcut.

    With a shortcut the last norm's scale starts at zero, and the block as the identity (paper, section 4.1).
    """

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows_in, self.rows = arch.blocks[index], arch.rows(index - 1), arch.rows(index)
        self.shortcut = arch.has_shortcut(index)
        c_in, before = _c_in_max(arch, index), _norm(arch, index - 1)
        wide = self.block.expansion * c_in
        self.expand = Pointwise(c_in, wide, before) if self.block.expansion > 1 else None
        self.depthwise = Depthwise(wide, self.block.kernel, self.block.stride, before)
        self.project = Pointwise(wide, self.block.widths[-1], _norm(arch, index))
        self.attention = ChannelAttention(wide, self.block.attention) if self.block.attention else None
        if self.shortcut:
            nn.init.zeros_(self.project.norm.weight)

    def enter(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        row = self.rows_in[choice]
        if self.expand is not None:
            x = activate(self.expand(x, self.block.expansion * x.shape[1], row, statistics), self.block.activation)
        return activate(self.depthwise(x, row, statistics), self.block.activation)

    def leave(self, features: Tensor, attention: Tensor | None, choice: int, statistics: Statistics) -> Tensor:
        x = _scale(features, attention)
        return self.project(x, self.block.widths[choice], self.rows[choice], statistics)

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        y = super().forward(x, choice, statistics)
        return x + y if self.shortcut else y


class Bottleneck(CutBlock):
    """[attention] - pointwise - norm - activation - dense - norm - activation - pointwise - norm, the shortcut, activation.

    The shortcut takes the input as it was before the attention, through a 1x1 convolution, sliced like the others, where stride
    or channels change. The last norm's scale starts at zero (paper, section 4.1).
    """

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows = arch.blocks[index], arch.rows(index)
        c_in, c_out, norm = _c_in_max(arch, index), self.block.widths[-1], _norm(arch, index)
        inner = c_out // self.block.expansion
        self.reduce = Pointwise(c_in, inner, norm)
        self.conv = Conv(inner, inner, self.block.kernel, self.block.stride, norm)
        self.expand = Pointwise(inner, c_out, norm)
        self.shortcut = None if arch.has_shortcut(index) else Pointwise(c_in, c_out, norm, self.block.stride)
        self.attention = ChannelAttention(c_in, self.block.attention) if self.block.attention else None
        nn.init.zeros_(self.expand.norm.weight)

    def enter(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        return x

    def leave(self, features: Tensor, attention: Tensor | None, choice: int, statistics: Statistics) -> Tensor:
        c_out, row = self.block.widths[choice], self.rows[choice]
        inner = c_out // self.block.expansion
        x = activate(self.reduce(_scale(features, attention), inner, row, statistics), self.block.activation)
        x = activate(self.conv(x, inner, row, statistics), self.block.activation)
        x = self.expand(x, c_out, row, statistics)
        around = features if self.shortcut is None else self.shortcut(features, c_out, row, statistics)
        return activate(around + x, self.block.activation)


def make_block(arch: Arch, index: int) -> nn.Module:
    block = arch.blocks[index]
    match block.kind:
        case "conv" | "pointwise":
            return PlainBlock(arch, index)
        case "separable":
            return SeparableBlock(arch, index)
        case "inverted":
            return InvertedBlock(arch, index)
        case "bottleneck":
            return Bottleneck(arch, index)
        case "max_pool":
            return MaxPool(block)


def _scale(x: Tensor, attention: Tensor | None) -> Tensor:
    """`x` `[N, C, H, W]` times a factor for each sample and channel `[N, C]`, where there is one."""
    return x if attention is None else x * attention[:, :, None, None]


def _norm(arch: Arch, index: int) -> Norm:
    return Norm(arch.norm, max(arch.rows(index)) + 1, arch.norm_eps)


def _c_in_max(arch: Arch, index: int) -> int:
    return 3 if index == 0 else arch.blocks[index - 1].widths[-1]
