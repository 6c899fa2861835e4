"""A dynamic slimmable network: parameters of full width, and pure functions of them, an input and a path."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dsnet_edge.arch import Arch, Path, PathSpace
from dsnet_edge.nn.attention import ChannelAttention
from dsnet_edge.nn.blocks import CutBlock, make_block, scale
from dsnet_edge.nn.gate import SlimmingHead
from dsnet_edge.nn.layers import BANK, Linear, Statistics


class Prefix(NamedTuple):
    """What runs before a path is chosen; it is the same for every routable path."""

    features: Tensor  # [N, C, H, W] at the cut
    attention: Tensor  # [N, C], scale of the features' channels
    gate_input: Tensor  # what the slimming head reads: [N, hidden] or, with a W1 of its own, [N, C]
    scores: Tensor  # [N, n_choices], before any softmax


class SlimmableNet(nn.Module):
    """`model(x, path)` for `x` `[N, 3, H, W]` gives logits `[N, n_classes]`.

    Its `state_dict` is the checkpoint format: names and shapes are those of `dsnet_edge.plan.parameters`.
    """

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        self.arch = arch
        self.blocks = nn.ModuleList(make_block(arch, index) for index in range(len(arch.blocks)))
        self.gate = SlimmingHead(arch.gate, *self.gate_attention.reduce.weight.shape)
        self.classifier = Linear(arch.blocks[-1].widths[-1], arch.n_classes)

    def forward(self, x: Tensor, path: Path, statistics: Statistics = BANK) -> Tensor:
        features, attention, *_ = self.prefix(x, path, statistics)
        return self.suffix(features, attention, path, statistics)

    def prefix(self, x: Tensor, path: Path | None = None, statistics: Statistics = BANK) -> Prefix:
        """Everything before the cut. Only a teacher wider than the routable paths needs to be named."""
        choice = path.choices[0] if path else 0
        for block in self.blocks[: self.arch.gate.block]:
            x = block(x, choice, statistics)
        if self.gate_attention.where == "middle":
            x = self.gate_block.spread(x, choice, statistics)
        hidden, attention = self.gate_attention(x)
        gate_input = hidden if self.gate.reduce is None else x.mean((2, 3))
        return Prefix(x, attention, gate_input, self.gate(gate_input))

    def suffix(self, features: Tensor, attention: Tensor, path: Path, statistics: Statistics = BANK) -> Tensor:
        """Logits from what `prefix` gave, on a path."""
        choice = path.choices[0]
        x = scale(features, attention)
        if self.gate_attention.where == "start":
            x = self.gate_block.spread(x, choice, statistics)
        x = self.gate_block.mix(x, choice, statistics)
        for block in self.blocks[self.arch.gate.block + 1 :]:
            x = block(x, choice, statistics)
        return self.classifier(x.mean((2, 3)))

    def dynamic(self, x: Tensor, space: PathSpace | None = None) -> tuple[Tensor, Tensor]:
        """Logits `[N, n_classes]` and the choice `[N]` the gate made for each sample, within `space` where one is given.

        Samples of one path run together.
        """
        features, attention, _, scores = self.prefix(x)
        routable = torch.tensor((space or self.arch.space).gates[0], device=x.device)
        choices = routable[scores[:, routable].argmax(1)]
        logits = features.new_empty(len(x), self.arch.n_classes)
        for choice in choices.unique().tolist():
            chosen = choices == choice
            logits[chosen] = self.suffix(features[chosen], attention[chosen], Path((choice,))).to(logits.dtype)
        return logits, choices

    @property
    def gate_block(self) -> CutBlock:
        """The block in which the network is cut."""
        block = self.blocks[self.arch.gate.block]
        assert isinstance(block, CutBlock)  # Arch gives only those an attention
        return block

    @property
    def gate_attention(self) -> ChannelAttention:
        """The attention whose W1 the gate shares."""
        attention = self.gate_block.attention
        assert attention is not None  # Arch checks it
        return attention
