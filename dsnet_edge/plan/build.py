"""Arch -> Program: every block spelt out as ops, cut into segments at the attention of each gate."""

from __future__ import annotations

from dataclasses import replace

from dsnet_edge.arch import Activation, Arch, Attention, Block, Gate
from dsnet_edge.plan.program import Kind, Op, Program, Segment, Value, segment_names


def build_program(arch: Arch) -> Program:
    """The program over all paths of the Arch, slimmest first, then the teacher where no gate can choose it."""
    builder = _Builder(arch)
    feature = builder.image(arch.image_size)
    for index, block in enumerate(arch.blocks):
        feature = builder.block(index, block, feature)
    pooled = builder.pool("head.pool", builder.segment, feature)
    logits = builder.linear("classifier", builder.segment, pooled, (arch.n_classes,) * len(arch.paths), "none")
    values, ops = tuple(builder.values.values()), tuple(builder.ops)
    return Program(arch.name, arch.space, arch.paths, values, ops, "image", tuple(builder.scores), logits)


class _Builder:
    """Appends ops and the values they write; the segment turns to the next once a gate has been built."""

    def __init__(self, arch: Arch) -> None:
        self.arch = arch
        self.values: dict[str, Value] = {}
        self.ops: list[Op] = []
        self.scores: list[str] = []
        self.names = segment_names(len(arch.gates))
        self.once = (0,) * len(arch.paths)  # rows of what is the same on all paths

    @property
    def segment(self) -> Segment:
        return self.names[2 * len(self.scores) if self.arch.gates else -1]

    def image(self, size: int) -> str:
        return self._value("image", size, size, (3,) * len(self.arch.paths))

    def block(self, index: int, block: Block, feature: str) -> str:
        name, rows, channels = f"blocks.{index}", self.arch.rows(index), self.arch.channels(index)
        match block.kind:
            case "conv":
                return self._convolution(f"{name}.conv", "conv2d", block, feature, channels, rows)
            case "pointwise":
                return self._convolution(f"{name}.pointwise", "pointwise", block, feature, channels, rows)
            case "max_pool":
                return self._max_pool(f"{name}.pool", block, feature)
            case "bottleneck":
                return self._bottleneck(index, block, feature)
            case "separable":
                return self._separable(index, block, feature)
            case "inverted":
                return self._inverted(index, block, feature)

    def _separable(self, index: int, block: Block, feature: str) -> str:
        name = f"blocks.{index}"
        attention = block.attention
        if attention and attention.where == "start":
            feature = self._attend(index, attention, feature)
        c_in = self.values[feature].channels
        feature = self._convolution(f"{name}.depthwise", "depthwise", block, feature, c_in, self.arch.rows(index - 1))
        if attention and attention.where == "middle":
            feature = self._attend(index, attention, feature)
        return self._convolution(
            f"{name}.pointwise", "pointwise", block, feature, self.arch.channels(index), self.arch.rows(index)
        )

    def _inverted(self, index: int, block: Block, feature: str) -> str:
        name, shortcut, rows = f"blocks.{index}", feature, self.arch.rows(index - 1)
        wide = tuple(block.expansion * c for c in self.values[feature].channels)
        if block.expansion > 1:
            feature = self._convolution(f"{name}.expand", "pointwise", block, feature, wide, rows)
        feature = self._convolution(f"{name}.depthwise", "depthwise", block, feature, wide, rows)
        if block.attention:
            feature = self._attend(index, block.attention, feature)
        linear = replace(block, activation="none")
        channels = self.arch.channels(index)
        feature = self._convolution(f"{name}.project", "pointwise", linear, feature, channels, self.arch.rows(index))
        return self._add(f"{name}.add", shortcut, feature, "none") if self.arch.has_shortcut(index) else feature

    def _bottleneck(self, index: int, block: Block, feature: str) -> str:
        name, shortcut, rows, channels = f"blocks.{index}", feature, self.arch.rows(index), self.arch.channels(index)
        inner = tuple(c // block.expansion for c in channels)
        linear = replace(block, activation="none")
        if block.attention:
            feature = self._attend(index, block.attention, feature)
        feature = self._convolution(f"{name}.reduce", "pointwise", block, feature, inner, rows)
        feature = self._convolution(f"{name}.conv", "conv2d", block, feature, inner, rows)
        feature = self._convolution(f"{name}.expand", "pointwise", linear, feature, channels, rows)
        if not self.arch.has_shortcut(index):
            kind: Kind = "pointwise" if block.stride == 1 else "conv2d"
            shortcut = self._convolution(f"{name}.shortcut", kind, replace(linear, kernel=1), shortcut, channels, rows)
        return self._add(f"{name}.add", shortcut, feature, block.activation)

    def _add(self, name: str, first: str, second: str, activation: Activation) -> str:
        output = self._same(name, second)
        self.ops.append(Op(name, "add", self.segment, second, output, input2=first, activation=activation))
        return output

    def _max_pool(self, name: str, block: Block, feature: str) -> str:
        source, padding = self.values[feature], block.kernel // 2
        height, width = (_extent(size, block.kernel, block.stride, padding) for size in (source.height, source.width))
        output = self._value(name, height, width, source.channels)
        self.ops.append(Op(name, "max_pool", self.segment, feature, output, None, block.kernel, block.stride, padding))
        return output

    def pool(self, name: str, segment: Segment, feature: str) -> str:
        output = self._value(name, 1, 1, self.values[feature].channels)
        self.ops.append(Op(name, "global_pool", segment, feature, output))
        return output

    def linear(
        self, name: str, segment: Segment, vector: str, channels: tuple[int, ...], activation: Activation,
        output: str | None = None, bias: bool = True,
    ) -> str:  # fmt: skip
        output = self._value(output or name, 1, 1, channels)
        rows = self.once if bias else ()
        self.ops.append(Op(name, "linear", segment, vector, output, activation=activation, rows=rows))
        return output

    def _attend(self, index: int, attention: Attention, feature: str) -> str:
        """`feature * activation(W3 relu(W1 pool(feature)))`, with the slimming head on the hidden vector at a gate."""
        name = f"blocks.{index}.attention"
        gate = next((gate for gate in self.arch.gates if gate.block == index), None)
        segment = self.names[2 * len(self.scores) + 1] if gate else self.segment
        channels = self.values[feature].channels
        pooled = self.pool(f"{name}.pool", segment, feature)
        hidden = self.linear(f"{name}.reduce", segment, pooled, (attention.hidden,) * len(channels), attention.hidden_activation)
        if gate:
            self._slimming_head(gate, segment, pooled, hidden)
        scale = self.linear(f"{name}.expand", segment, hidden, channels, attention.activation)
        output = self._same(f"{name}.multiply", feature)
        self.ops.append(Op(output, "multiply", self.segment, feature, output, input2=scale))
        return output

    def _slimming_head(self, gate: Gate, segment: Segment, pooled: str, hidden: str) -> None:
        name, scores = self.arch.head_name(len(self.scores)), self.arch.scores_name(len(self.scores))
        choices = (gate.n_choices,) * len(self.once)
        if gate.w1 == "separate":
            hidden = self.linear(f"{name}.reduce", segment, pooled, self.values[hidden].channels, "relu")
        if gate.design == "scalar":  # one ratio in 0..1; the scores rank the choices by their distance from it
            hidden = self.linear(name, segment, hidden, (1,) * len(self.once), "sigmoid", bias=gate.bias)
            self.linear(f"{name}.nearest", segment, hidden, choices, "none", output=scores)
        else:
            self.linear(name, segment, hidden, choices, "none", output=scores, bias=gate.bias)
        self.scores.append(scores)

    def _convolution(
        self, name: str, kind: Kind, block: Block, feature: str, channels: tuple[int, ...], rows: tuple[int, ...]
    ) -> str:
        """With its norm, which is the epilogue of the convolution if it is a batch norm."""
        source = self.values[feature]
        kernel, stride = (1, 1) if kind == "pointwise" else (block.kernel, block.stride)
        padding = kernel // 2
        height, width = (_extent(size, kernel, stride, padding) for size in (source.height, source.width))
        group = self.arch.norm == "group"
        output = self._value(name, height, width, channels)
        activation, rows = ("none", ()) if group else (block.activation, rows)
        self.ops.append(Op(name, kind, self.segment, feature, output, None, kernel, stride, padding, activation, rows))
        return self._group_norm(f"{name}.norm", output, block.activation) if group else output

    def _group_norm(self, name: str, feature: str, activation: Activation) -> str:
        output = self._same(name, feature)
        self.ops.append(Op(name, "group_norm", self.segment, feature, output, activation=activation, rows=self.once))
        return output

    def _same(self, name: str, feature: str) -> str:
        """A value of the same shape."""
        source = self.values[feature]
        return self._value(name, source.height, source.width, source.channels)

    def _value(self, name: str, height: int, width: int, channels: tuple[int, ...]) -> str:
        self.values[name] = Value(name, height, width, channels)
        return name


def _extent(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1
