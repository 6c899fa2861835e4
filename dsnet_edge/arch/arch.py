"""What a dynamic slimmable network is made of, as data.

Blocks are in execution order. The width list of a block has one entry for each choice of the gate that decides on it: the last
one before it. Where a network of one gate has a teacher wider than any routable path, its widths are the last entry, so that the
teacher is a path like any other. A network without a gate is slimmed by whoever calls it: a width list has an entry a path.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
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
    (`separable`), pointwise to `expansion` times the input's channels, depthwise, and pointwise without activation (`inverted`),
    or pointwise to a share of 1 in `expansion` of the output's channels, dense, and pointwise without activation
    (`bottleneck`). Around an inverted block a shortcut leads where stride and widths allow; around a bottleneck always, through
    a convolution of its own where they do not, and its activation comes behind the sum. `max_pool` changes no channels.
    """

    kind: Literal["conv", "pointwise", "separable", "inverted", "bottleneck", "max_pool"]
    widths: tuple[int, ...]  # output channels for each choice
    stride: int = 1
    kernel: int = 3
    activation: Activation = "silu"
    attention: Attention | None = None
    expansion: int = 1  # an inverted block has no first pointwise convolution where it is 1


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


MOST_PATHS = 4096
GROUP = 16  # channels that are normalised together: groups of a constant size, so that slimming drops whole ones


@dataclass(frozen=True)
class Arch:
    """A whole network. It determines every parameter's shape, and with a Path every activation's."""

    name: str
    image_size: int
    n_classes: int
    blocks: tuple[Block, ...]
    gates: tuple[Gate, ...]  # in the order they run
    norm_eps: float = 1e-5
    norm: Literal["batch", "group"] = "batch"

    def __post_init__(self) -> None:
        for check in (self._wrong_block, self._wrong_gates, self._wrong_gate_block, self._wrong_widths):
            if found := check():
                raise ValueError(f"{self.name}: {found}")

    def _wrong_block(self) -> str | None:
        """What is wrong with their number, or with one by itself."""
        if self.n_choices ** max(1, len(self.gates)) > MOST_PATHS:
            return f"{self.n_choices} choices at each of {len(self.gates)} gates are more than {MOST_PATHS} paths"
        for index, block in enumerate(self.blocks):
            if block.attention and block.kind not in ("separable", "inverted", "bottleneck"):
                return f"block {index}: attention belongs to separable, inverted and bottleneck blocks"
            if block.expansion > 1 and block.kind not in ("inverted", "bottleneck"):
                return f"block {index}: an expansion belongs to inverted and bottleneck blocks"
            where = {"inverted": "middle", "bottleneck": "start"}.get(block.kind)
            if block.attention and where and block.attention.where != where:
                return f"block {index}: the attention of a block of kind {block.kind} belongs at its {where}"
            if block.kind == "bottleneck" and any(width % block.expansion for width in block.widths):
                return f"block {index}: every width must be a multiple of the expansion {block.expansion}, found {block.widths}"
        return None

    def _wrong_gates(self) -> str | None:
        """What is wrong with their number and order."""
        if len(self.gates) > 1 and self.norm == "batch":
            return "several gates need group norm: a bank of statistics would need a row for every combination of their choices"
        if [gate.block for gate in self.gates] != sorted({gate.block for gate in self.gates}):
            return f"gates must be in the order of their blocks, found {[gate.block for gate in self.gates]}"
        for gate in self.gates:
            least = self.n_choices - (len(self.gates) == 1)  # one more is a teacher's
            if not max(1, least) <= gate.n_choices <= self.n_choices:
                return f"{self.n_choices} widths for {gate.n_choices} choices of the gate"
        return None

    def _wrong_gate_block(self) -> str | None:
        """What is wrong with a block that holds a gate."""
        for gate in self.gates:
            block = self.blocks[gate.block]
            if block.attention is None:
                return f"block {gate.block} holds a gate and needs an attention to share W1 with"
            if block.attention.hidden_activation != "relu" and gate.n_choices > 1:
                return f"the hidden vector that the gate reads is a ReLU's (eq. 8), found {block.attention}"
            if self.has_shortcut(gate.block):
                return f"block {gate.block} holds a gate, and a shortcut without a convolution would lead around it"
        return None

    def _wrong_widths(self) -> str | None:
        counts = {len(block.widths) for block in self.blocks}
        if len(counts) != 1:
            return f"all width lists must have the same length, found {sorted(counts)}"
        if self.gates:
            for index in range(self.gates[0].block):
                if len(set(self.blocks[index].widths[: self.gates[0].n_choices])) != 1:
                    return f"block {index} runs before the gate, so its routable widths must be equal"
        for index, block in enumerate(self.blocks):
            if block.kind == "max_pool" and (index == 0 or self.channels(index) != self.channels(index - 1)):
                return f"block {index} pools, so its widths must be those of the block before it"
            if block.kind == "max_pool" and self.blocks[index - 1].activation not in ("relu", "relu6"):
                return f"block {index} pools, so the block before it must end in a ReLU: zeros then pad like nothing"
            inner = block.expansion if block.kind == "bottleneck" else 1
            if self.norm == "group" and any(width // inner % GROUP for width in block.widths):
                return f"block {index}: group norm takes {GROUP} channels together, so widths must be multiples of it"
        return None

    @property
    def gate(self) -> Gate:
        """Of a network that has one."""
        (gate,) = self.gates
        return gate

    def head_name(self, gate: int) -> str:
        """Of a slimming head's parameters: `gate`, or of several `gate.0` and so on."""
        return "gate" if len(self.gates) == 1 else f"gate.{gate}"

    def scores_name(self, gate: int) -> str:
        """Of the value that a slimming head writes, likewise."""
        return "scores" if len(self.gates) == 1 else f"scores.{gate}"

    @property
    def n_choices(self) -> int:
        """Entries of every width list: the choices of a gate, and one more where the teacher is a width of its own."""
        return len(self.blocks[0].widths)

    @property
    def space(self) -> PathSpace:
        choices = tuple(tuple(range(gate.n_choices)) for gate in self.gates) or (tuple(range(self.n_choices)),)
        return PathSpace(choices, Path((self.n_choices - 1,) * len(choices)), has_gates=bool(self.gates))

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Every path the weights can run, slimmest first: the routable ones, then the teacher where it is not one of them."""
        columns = max(1, len(self.gates))
        return tuple(Path(choices) for choices in itertools.product(range(self.n_choices), repeat=columns))

    def deciding(self, block: int) -> int:
        """The place in a path of the choice that decides on the block's widths: that of the last gate which has run then."""
        return max((place for place, gate in enumerate(self.gates) if gate.block <= block), default=0)

    def c_out(self, block: int, path: Path) -> int:
        """Output channels of a block; block -1 is the image."""
        return 3 if block < 0 else self.blocks[block].widths[path.choices[self.deciding(block)]]

    def channels(self, block: int) -> tuple[int, ...]:
        """The same on each of `paths`."""
        return tuple(self.c_out(block, path) for path in self.paths)

    def has_shortcut(self, block: int) -> bool:
        """Whether the block adds its very input to its output: an inverted one or a bottleneck that changes neither size nor
        channels, on any path."""
        this = self.blocks[block]
        return this.kind in ("inverted", "bottleneck") and this.stride == 1 and self.channels(block) == self.channels(block - 1)

    def rows(self, block: int) -> tuple[int, ...]:
        """Row of the batch-norm statistics bank behind `block`, on each of `paths`; group norm needs but one.

        Two paths share a row exactly when every channel count up to there is the same, for only then are the statistics the
        same. Block -1 is the image.
        """
        if self.norm == "group":
            return (0,) * len(self.paths)
        histories: dict[tuple[int, ...], int] = {}
        found = []
        for path in self.paths:
            history = tuple(self.c_out(earlier, path) for earlier in range(block + 1))
            found.append(histories.setdefault(history, len(histories)))
        return tuple(found)
