"""Blocks of a slimmable network. `forward(x, choice, statistics)` for `x` `[N, C, H, W]`; no block remembers a width.

A block with attention has two halves, `spread` and `mix`, so that the network can be cut between them, at the attention.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from dsnet_edge.arch import Arch, Block
from dsnet_edge.nn.attention import ChannelAttention
from dsnet_edge.nn.layers import Conv, Depthwise, Pointwise, Statistics, activate


class PlainBlock(nn.Module):
    """Convolution, dense or 1x1, norm, activation."""

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows = arch.blocks[index], arch.rows(index)
        c_in, c_out, n_rows = _c_in_max(arch, index), self.block.widths[-1], max(self.rows) + 1
        if self.block.kind == "conv":
            self.conv = Conv(c_in, c_out, self.block.kernel, self.block.stride, n_rows=n_rows, eps=arch.norm_eps)
        else:
            self.pointwise = Pointwise(c_in, c_out, n_rows=n_rows, eps=arch.norm_eps)

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        layer = self.conv if self.block.kind == "conv" else self.pointwise
        return activate(layer(x, self.block.widths[choice], self.rows[choice], statistics), self.block.activation)


class CutBlock(nn.Module, ABC):
    """What the separable and the inverted block have in common: attention at the start, or between the halves."""

    block: Block
    attention: ChannelAttention | None

    @abstractmethod
    def spread(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        """All up to the attention in the middle."""

    @abstractmethod
    def mix(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        """All behind it, to the block's output channels."""

    def attend(self, x: Tensor, where: str) -> Tensor:
        """`x` scaled by the attention, where the block has one at that place."""
        if self.attention is None or self.attention.where != where:
            return x
        return scale(x, self.attention(x)[1])

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        x = self.spread(self.attend(x, "start"), choice, statistics)
        return self.mix(self.attend(x, "middle"), choice, statistics)


class SeparableBlock(CutBlock):
    """[attention] - depthwise - norm - activation - [attention] - pointwise - norm - activation."""

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows_in, self.rows = arch.blocks[index], arch.rows(index - 1), arch.rows(index)
        c_in, eps = _c_in_max(arch, index), arch.norm_eps
        self.depthwise = Depthwise(c_in, self.block.kernel, self.block.stride, n_rows=max(self.rows_in) + 1, eps=eps)
        self.pointwise = Pointwise(c_in, self.block.widths[-1], n_rows=max(self.rows) + 1, eps=eps)
        self.attention = ChannelAttention(c_in, self.block.attention) if self.block.attention else None

    def spread(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        return activate(self.depthwise(x, self.rows_in[choice], statistics), self.block.activation)

    def mix(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        x = self.pointwise(x, self.block.widths[choice], self.rows[choice], statistics)
        return activate(x, self.block.activation)


class InvertedBlock(CutBlock):
    """pointwise - norm - activation - depthwise - norm - activation - [attention] - pointwise - norm, and perhaps a shortcut.

    With a shortcut the last norm's scale starts at zero, and the block as the identity (paper, section 4.1).
    """

    def __init__(self, arch: Arch, index: int) -> None:
        super().__init__()
        self.block, self.rows_in, self.rows = arch.blocks[index], arch.rows(index - 1), arch.rows(index)
        self.shortcut = arch.has_shortcut(index)
        c_in, eps, n_rows = _c_in_max(arch, index), arch.norm_eps, max(self.rows_in) + 1
        wide = self.block.expansion * c_in
        self.expand = Pointwise(c_in, wide, n_rows=n_rows, eps=eps) if self.block.expansion > 1 else None
        self.depthwise = Depthwise(wide, self.block.kernel, self.block.stride, n_rows=n_rows, eps=eps)
        self.project = Pointwise(wide, self.block.widths[-1], n_rows=max(self.rows) + 1, eps=eps)
        self.attention = ChannelAttention(wide, self.block.attention) if self.block.attention else None
        if self.shortcut:
            nn.init.zeros_(self.project.norm.weight)

    def spread(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        row = self.rows_in[choice]
        if self.expand is not None:
            x = activate(self.expand(x, self.block.expansion * x.shape[1], row, statistics), self.block.activation)
        return activate(self.depthwise(x, row, statistics), self.block.activation)

    def mix(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        return self.project(x, self.block.widths[choice], self.rows[choice], statistics)

    def forward(self, x: Tensor, choice: int, statistics: Statistics) -> Tensor:
        y = super().forward(x, choice, statistics)
        return x + y if self.shortcut else y


def make_block(arch: Arch, index: int) -> nn.Module:
    match arch.blocks[index].kind:
        case "conv" | "pointwise":
            return PlainBlock(arch, index)
        case "separable":
            return SeparableBlock(arch, index)
        case "inverted":
            return InvertedBlock(arch, index)


def scale(x: Tensor, attention: Tensor) -> Tensor:
    """`x` `[N, C, H, W]` times a factor for each sample and channel `[N, C]`."""
    return x * attention[:, :, None, None]


def _c_in_max(arch: Arch, index: int) -> int:
    return 3 if index == 0 else arch.blocks[index - 1].widths[-1]
