"""Arch -> Program: every block spelt out as ops, cut into prefix, gate and suffix at the gate's attention."""

from __future__ import annotations

from dataclasses import replace

from dsnet_edge.arch import Activation, Arch, Attention, Block
from dsnet_edge.plan.program import Kind, Op, Program, Segment, Value


def build_program(arch: Arch) -> Program:
    """The program over all paths of the Arch, slimmest first, then the teacher where no gate can choose it."""
    builder = _Builder(arch)
    feature = builder.image(arch.image_size)
    for index, block in enumerate(arch.blocks):
        feature = builder.block(index, block, feature)
    pooled = builder.pool("head.pool", "suffix", feature)
    classes = (arch.n_classes,) * arch.n_choices
    logits = builder.linear("classifier", "suffix", pooled, classes, "none")
    return Program(
        arch.name, arch.space, arch.paths, tuple(builder.values.values()), tuple(builder.ops), "image", "scores", logits
    )


class _Builder:
    """Appends ops and the values they write; the segment turns to `suffix` once the gate has been built."""

    def __init__(self, arch: Arch) -> None:
        self.arch = arch
        self.values: dict[str, Value] = {}
        self.ops: list[Op] = []
        self.segment: Segment = "prefix"

    def image(self, size: int) -> str:
        return self._value("image", size, size, (3,) * self.arch.n_choices)

    def block(self, index: int, block: Block, feature: str) -> str:
        name, rows = f"blocks.{index}", self.arch.rows(index)
        match block.kind:
            case "conv":
                return self._convolution(f"{name}.conv", "conv2d", block, feature, block.widths, rows)
            case "pointwise":
                return self._convolution(f"{name}.pointwise", "pointwise", block, feature, block.widths, rows)
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
        return self._convolution(f"{name}.pointwise", "pointwise", block, feature, block.widths, self.arch.rows(index))

    def _inverted(self, index: int, block: Block, feature: str) -> str:
        name, shortcut, rows = f"blocks.{index}", feature, self.arch.rows(index - 1)
        wide = tuple(block.expansion * c for c in self.values[feature].channels)
        if block.expansion > 1:
            feature = self._convolution(f"{name}.expand", "pointwise", block, feature, wide, rows)
        feature = self._convolution(f"{name}.depthwise", "depthwise", block, feature, wide, rows)
        if block.attention:
            feature = self._attend(index, block.attention, feature)
        linear = replace(block, activation="none")
        feature = self._convolution(f"{name}.project", "pointwise", linear, feature, block.widths, self.arch.rows(index))
        return self._add(f"{name}.add", shortcut, feature) if self.arch.has_shortcut(index) else feature

    def _add(self, name: str, first: str, second: str) -> str:
        source = self.values[second]
        output = self._value(name, source.height, source.width, source.channels)
        self.ops.append(Op(name, "add", self.segment, second, output, input2=first))
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
        rows = (0,) * self.arch.n_choices if bias else ()
        self.ops.append(Op(name, "linear", segment, vector, output, activation=activation, rows=rows))
        return output

    def _attend(self, index: int, attention: Attention, feature: str) -> str:
        """`feature * activation(W3 relu(W1 pool(feature)))`, with the slimming head on the hidden vector at the gate."""
        name = f"blocks.{index}.attention"
        at_gate = index == self.arch.gate.block
        segment: Segment = "gate" if at_gate else self.segment
        channels = self.values[feature].channels
        pooled = self.pool(f"{name}.pool", segment, feature)
        hidden = self.linear(f"{name}.reduce", segment, pooled, (attention.hidden,) * len(channels), attention.hidden_activation)
        if at_gate:
            self._slimming_head(pooled, hidden)
            self.segment = "suffix"
        scale = self.linear(f"{name}.expand", segment, hidden, channels, attention.activation)
        source = self.values[feature]
        output = self._value(f"{name}.multiply", source.height, source.width, channels)
        self.ops.append(Op(output, "multiply", self.segment, feature, output, input2=scale))
        return output

    def _slimming_head(self, pooled: str, hidden: str) -> None:
        gate, n = self.arch.gate, self.arch.n_choices
        if gate.w1 == "separate":
            hidden = self.linear("gate.reduce", "gate", pooled, self.values[hidden].channels, "relu")
        if gate.design == "scalar":  # one ratio in 0..1; the scores rank the choices by their distance from it
            hidden = self.linear("gate", "gate", hidden, (1,) * n, "sigmoid", bias=gate.bias)
            self.linear("gate.nearest", "gate", hidden, (gate.n_choices,) * n, "none", output="scores")
        else:
            self.linear("gate", "gate", hidden, (gate.n_choices,) * n, "none", output="scores", bias=gate.bias)

    def _convolution(
        self, name: str, kind: Kind, block: Block, feature: str, channels: tuple[int, ...], rows: tuple[int, ...]
    ) -> str:
        source = self.values[feature]
        kernel, stride = (1, 1) if kind == "pointwise" else (block.kernel, block.stride)
        padding = kernel // 2
        height, width = ((size + 2 * padding - kernel) // stride + 1 for size in (source.height, source.width))
        output = self._value(name, height, width, channels)
        self.ops.append(Op(name, kind, self.segment, feature, output, None, kernel, stride, padding, block.activation, rows))
        return output

    def _value(self, name: str, height: int, width: int, channels: tuple[int, ...]) -> str:
        self.values[name] = Value(name, height, width, channels)
        return name
