"""A dynamic slimmable network: parameters of full width, and pure functions of them, an input and a path."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dsnet_edge.arch import Arch, Path, PathSpace
from dsnet_edge.nn.attention import ChannelAttention
from dsnet_edge.nn.blocks import CutBlock, make_block
from dsnet_edge.nn.gate import SlimmingHead
from dsnet_edge.nn.layers import BANK, Linear, Statistics


class Cut(NamedTuple):
    """What a gate knows, and what goes on behind it. Before the first one it is the same for every routable path."""

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
        heads = [SlimmingHead(gate, *self.attention_of(index).reduce.weight.shape) for index, gate in enumerate(arch.gates)]
        self.gate = heads[0] if len(heads) == 1 else nn.ModuleList(heads)
        self.classifier = Linear(arch.blocks[-1].widths[-1], arch.n_classes)

    def forward(self, x: Tensor, path: Path, statistics: Statistics = BANK) -> Tensor:
        features, attention, *_ = self.prefix(x, path, statistics)
        return self.suffix(features, attention, path, statistics)

    def prefix(self, x: Tensor, path: Path | None = None, statistics: Statistics = BANK) -> Cut:
        """Everything before the first cut. Only a teacher wider than the routable paths needs to be named. Without a gate that is
        nothing, and the features are the images."""
        if not self.arch.gates:
            nothing = x.new_zeros(len(x), 0)
            return Cut(x, nothing, nothing, nothing)
        return self._to_gate(0, x, 0, path or self.arch.space.slimmest, statistics)

    def segment(self, features: Tensor, attention: Tensor, gate: int, path: Path, statistics: Statistics = BANK) -> Cut:
        """What lies between a gate and the next, of which the next one's choice is not yet needed."""
        x = self._leave(gate, features, attention, path, statistics)
        return self._to_gate(gate + 1, x, self.arch.gates[gate].block + 1, path, statistics)

    def suffix(self, features: Tensor, attention: Tensor, path: Path, statistics: Statistics = BANK, *, gate: int = 0) -> Tensor:
        """Logits from what is known at a gate, the first if no other is named, on a path."""
        if not self.arch.gates:
            return self._classify(self._run(features, 0, len(self.blocks), path, statistics))
        x = self._leave(gate, features, attention, path, statistics)
        return self._classify(self._run(x, self.arch.gates[gate].block + 1, len(self.blocks), path, statistics))

    def dynamic(self, x: Tensor, space: PathSpace | None = None) -> tuple[Tensor, Tensor]:
        """Logits `[N, n_classes]` and the choice `[N]` the gate made for each sample, or of several gates `[N, n_gates]`, within
        `space` where one is given.

        Samples of one path run together. Without a gate all run on the widest.
        """
        logits = x.new_empty(len(x), self.arch.n_classes)
        choices = torch.zeros(len(x), len(self.arch.gates), dtype=torch.long, device=x.device)
        everyone = torch.arange(len(x), device=x.device)
        space = space or self.arch.space
        if not self.arch.gates:
            return self(x, space.widest), choices
        self._route(self.prefix(x), everyone, (), space, logits, choices)
        return logits, choices[:, 0] if len(self.arch.gates) == 1 else choices

    def _route(
        self, cut: Cut, samples: Tensor, taken: tuple[int, ...], space: PathSpace, logits: Tensor, choices: Tensor
    ) -> None:
        """Writes the logits and choices of these samples, which have come to a gate by the same choices."""
        gate = len(taken)
        routable = torch.tensor(space.gates[gate], device=samples.device)
        chosen = routable[cut.scores[:, routable].argmax(1)]
        choices[samples, gate] = chosen
        for choice in chosen.unique().tolist():
            own, path = chosen == choice, Path((*taken, choice))
            features, attention = cut.features[own], cut.attention[own]
            if gate + 1 < len(self.arch.gates):
                self._route(self.segment(features, attention, gate, path), samples[own], path.choices, space, logits, choices)
            else:
                logits[samples[own]] = self.suffix(features, attention, path, gate=gate).to(logits.dtype)

    def _run(self, x: Tensor, begin: int, end: int, path: Path, statistics: Statistics) -> Tensor:
        for index in range(begin, end):
            x = self.blocks[index](x, self._choice(index, path), statistics)
        return x

    def _to_gate(self, gate: int, x: Tensor, begin: int, path: Path, statistics: Statistics) -> Cut:
        index = self.arch.gates[gate].block
        x = self._run(x, begin, index, path, statistics)
        x = self._cut_block(gate).enter(x, self._choice(index - 1, path), statistics)  # still as wide as the block before
        hidden, attention = self.attention_of(gate)(x)
        head = self.heads[gate]
        gate_input = hidden if head.reduce is None else x.mean((2, 3))
        return Cut(x, attention, gate_input, head(gate_input))

    def _leave(self, gate: int, features: Tensor, attention: Tensor, path: Path, statistics: Statistics) -> Tensor:
        choice = path.choices[gate]
        return self._cut_block(gate).leave(features, attention, choice, statistics)

    def _classify(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(x.mean((2, 3)))
        return logits

    def _choice(self, block: int, path: Path) -> int:
        """Which entry of the block's width list a path takes."""
        return path.choices[self.arch.deciding(block)]

    @property
    def heads(self) -> list[SlimmingHead]:
        """The slimming heads, in the order of the gates."""
        modules = self.gate if isinstance(self.gate, nn.ModuleList) else [self.gate]
        return [module for module in modules if isinstance(module, SlimmingHead)]

    def _cut_block(self, gate: int) -> CutBlock:
        """The block in which a gate cuts the network."""
        block = self.blocks[self.arch.gates[gate].block]
        assert isinstance(block, CutBlock)  # Arch gives only those an attention
        return block

    def attention_of(self, gate: int) -> ChannelAttention:
        """The attention whose W1 a gate shares."""
        attention = self._cut_block(gate).attention
        assert attention is not None  # Arch checks it
        return attention
