"""What a dynamic slimmable network is made of, as data.

Blocks are in execution order. The width list of a block has one entry for each choice of the gate; where the network has
a teacher wider than any routable path, its widths are the last entry, so that the teacher is a path like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsnet_edge.arch.space import Path, PathSpace

Activation = Literal["none", "relu", "relu6", "silu", "sigmoid", "one_plus_tanh"]


@dataclass(frozen=True)
class Attention:
    """Channel attention `x * activation(W3 relu(W1 pool(x)))` (paper, eq. 9; squeeze-and-excitation where it is sigmoid)."""

    hidden: int  # rows of W1; never slimmed
    activation: Activation = "one_plus_tanh"
    where: Literal["start", "middle"] = "start"  # of the block, or behind its depthwise convolution
    hidden_activation: Activation = "relu"


@dataclass(frozen=True)
class Block:
    """Convolutions, each with norm and activation: a dense one (`conv`), a 1x1 one (`pointwise`), depthwise and then pointwise
    (`separable`), or pointwise to `expansion` times the channels, depthwise, and pointwise without activation (`inverted`), with
    a shortcut around it where stride and widths allow.
    """

    kind: Literal["conv", "pointwise", "separable", "inverted"]
    widths: tuple[int, ...]  # output channels for each choice
    stride: int = 1
    kernel: int = 3
    activation: Activation = "silu"
    attention: Attention | None = None
    expansion: int = 1  # of an inverted block, which has no first pointwise convolution where it is 1


@dataclass(frozen=True)
class Gate:
    """The slimming head (paper, eq. 8), on the hidden vector of the attention of `block`, whose W1 it shares; or with a W1 of its
    own, of the same size (table 7).
    """

    block: int  # its attention is where the network is cut into prefix, gate and suffix
    n_choices: int  # routable ones
    bias: bool = False
    design: Literal["one_hot", "scalar"] = "one_hot"
    w1: Literal["shared", "separate"] = "shared"


@dataclass(frozen=True)
class Arch:
    """A whole network. It determines every parameter's shape, and with a Path every activation's."""

    name: str
    image_size: int
    n_classes: int
    blocks: tuple[Block, ...]
    gate: Gate
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        counts = {len(block.widths) for block in self.blocks}
        if len(counts) != 1:
            raise ValueError(f"{self.name}: all width lists must have the same length, found {sorted(counts)}")
        if not 1 <= self.gate.n_choices <= self.n_choices <= self.gate.n_choices + 1:
            raise ValueError(f"{self.name}: {self.n_choices} widths for {self.gate.n_choices} choices of the gate")
        attention = self.blocks[self.gate.block].attention
        if attention is None:
            raise ValueError(f"{self.name}: block {self.gate.block} holds the gate and needs an attention to share W1 with")
        if attention.hidden_activation != "relu" and self.gate.n_choices > 1:
            raise ValueError(f"{self.name}: the hidden vector that the gate reads is a ReLU's (eq. 8), found {attention}")
        if any(block.kind in ("conv", "pointwise") and block.attention for block in self.blocks):
            raise ValueError(f"{self.name}: attention belongs to separable and inverted blocks")
        if self.has_shortcut(self.gate.block):
            raise ValueError(f"{self.name}: block {self.gate.block} holds the gate, and a shortcut would lead around it")
        if any(block.expansion > 1 and block.kind != "inverted" for block in self.blocks):
            raise ValueError(f"{self.name}: an expansion belongs to inverted blocks")
        for index, block in enumerate(self.blocks):
            if block.kind == "inverted" and block.attention and block.attention.where == "start":
                raise ValueError(f"{self.name}: block {index} is inverted, so its attention belongs in the middle")
        for index in range(self.gate.block):
            if len(set(self.blocks[index].widths[: self.gate.n_choices])) != 1:
                raise ValueError(f"{self.name}: block {index} runs before the gate, so its routable widths must be equal")

    @property
    def n_choices(self) -> int:
        """Entries of every width list: the gate's choices, and one more where the teacher is a width of its own."""
        return len(self.blocks[0].widths)

    @property
    def space(self) -> PathSpace:
        return PathSpace((tuple(range(self.gate.n_choices)),), Path((self.n_choices - 1,)))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path the weights can run, slimmest first: the routable ones, then the teacher where it is not one of them."""
        return tuple(Path((choice,)) for choice in range(self.n_choices))

    def c_out(self, block: int, path: Path) -> int:
        """Output channels of a block; block -1 is the image."""
        return 3 if block < 0 else self.blocks[block].widths[path.choices[0]]

    def has_shortcut(self, block: int) -> bool:
        """Whether the block adds its input to its output: an inverted one that changes neither size nor channels, on any path."""
        this = self.blocks[block]
        before = (3,) * self.n_choices if block == 0 else self.blocks[block - 1].widths
        return this.kind == "inverted" and this.stride == 1 and this.widths == before

    def rows(self, block: int) -> tuple[int, ...]:
        """Row of the batch-norm statistics bank behind `block`, for each choice.

        Two choices share a row exactly when every channel count up to there is the same, for only then are the
        statistics the same. Block -1 is the image.
        """
        histories: dict[tuple[int, ...], int] = {}
        found = []
        for choice in range(self.n_choices):
            history = tuple(b.widths[choice] for b in self.blocks[: block + 1])
            found.append(histories.setdefault(history, len(histories)))
        return tuple(found)
