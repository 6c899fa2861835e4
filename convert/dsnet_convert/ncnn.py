"""Plan -> a `.param` and a `.bin` a stage for ncnn, in float32: its text of layers and their weights, one after another.

Blobs that are given from outside are called `in0`, `in1`, and those that are taken `out0`, `out1`, in the order of the stage's
signature (docs/bundle.md), which is how ncnn's own converter calls them. Layers and their parameters are those of
https://github.com/Tencent/ncnn/wiki/operators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from dsnet_convert.stage import Stage, folded, stage_values
from dsnet_edge.arch import Activation
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.plan import Array

_MAGIC = 7767517

Parameters = dict[int, int | str]

_KINDS = {
    "conv2d": "Convolution",
    "pointwise": "Convolution",
    "depthwise": "ConvolutionDepthWise",
    "linear": "InnerProduct",
}

# What a layer with weights applies to its own output. ncnn has no SiLU there, and of 2 sigmoid(2x) (`folded`) only the sigmoid.
_FUSED: dict[Activation, Parameters] = {
    "relu": {9: 1},
    "relu6": {9: 3, -23310: "2,0.0,6.0"},
    "sigmoid": {9: 4},
    "one_plus_tanh": {9: 4},
}
_BEHIND: dict[Activation, tuple[str, Parameters]] = {
    "silu": ("Swish", {}),
    "one_plus_tanh": ("BinaryOp", {0: 2, 1: 1, 2: "2.0"}),
}


def write_ncnn(plan: Plan, stage: Stage, file: FilePath) -> None:
    """`file` is the `.param`; the `.bin` gets the same name beside it."""
    graph = _Graph(plan, stage)
    for op in plan.program.segment(stage.segment):
        graph.add(op)
    header = f"{_MAGIC}\n{len(graph.lines)} {graph.n_blobs}\n"
    file.write_text(header + "".join(f"{line}\n" for line in graph.lines), "ascii", newline="\n")
    file.with_suffix(".bin").write_bytes(b"".join(graph.weights))


class _Graph:
    """Lines of the `.param` and pieces of the `.bin`, in the order of the layers."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        self.plan, self.stage = plan, stage
        self.lines: list[str] = []
        self.weights: list[bytes] = []
        self.n_blobs = 0
        inputs, outputs = stage_values(plan, stage.segment)
        ops = plan.program.segment(stage.segment)
        self.taken = {name: f"out{index}" for index, name in enumerate(outputs)}
        self.readers = Counter([*outputs, *(name for op in ops for name in (op.input, op.input2) if name)])
        self.blobs: dict[str, Iterator[str]] = {}  # of a value, one for each reader in the stage
        for index, name in enumerate(inputs):
            self.layer("Input", f"in{index}", [], [f"in{index}"])
            self.share(name, f"in{index}")

    def add(self, op: Op) -> None:
        inputs = [next(self.blobs[name]) for name in (op.input, op.input2) if name]
        output = self.taken.get(op.output, op.output) if self.readers[op.output] == 1 else op.output
        raw = f"{op.output}.raw" if op.activation in _BEHIND else output
        if op.kind == "global_pool":
            self.layer("Pooling", op.name, inputs, [raw], {0: 1, 4: 1})
        elif op.kind == "multiply":
            self.layer("BinaryOp", op.name, inputs, [raw], {0: 2})
        elif op.kind == "add":
            self.layer("BinaryOp", op.name, inputs, [raw], {0: 0})
        else:
            weight, bias = folded(self.plan, op, self.stage.path)
            self.layer(_KINDS[op.kind], op.name, inputs, [raw], _weighted_parameters(op, weight) | _FUSED.get(op.activation, {}))
            self.weights += [bytes(4), weight.tobytes(), bias.tobytes()]  # the zeros say that the weight is plain float32
        if op.activation in _BEHIND:
            kind, parameters = _BEHIND[op.activation]
            self.layer(kind, f"{op.name}.activation", [raw], [output], parameters)
        self.share(op.output, output)

    def share(self, value: str, blob: str) -> None:
        """A blob of ncnn has one reader, so one with several is split; being taken counts as a reader."""
        copies = [blob]
        if self.readers[value] > 1:
            copies = [f"{value}.{index}" for index in range(self.readers[value])]
            if value in self.taken:
                copies[-1] = self.taken[value]
            self.layer("Split", f"{value}.split", [blob], copies)
        self.blobs[value] = iter(copies)

    def layer(
        self, kind: str, name: str, inputs: Sequence[str], outputs: Sequence[str], parameters: Parameters | None = None
    ) -> None:
        fields = [f"{key}={value}" for key, value in (parameters or {}).items()]
        self.lines.append(" ".join([kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs, *fields]))
        self.n_blobs += len(outputs)


def _weighted_parameters(op: Op, weight: Array) -> Parameters:
    c_out = weight.shape[0]
    if op.kind == "linear":
        return {0: c_out, 1: 1, 2: weight.size}
    window: Parameters = {0: c_out, 1: op.kernel, 3: op.stride, 4: op.padding, 5: 1, 6: weight.size}
    return window | ({7: c_out} if op.kind == "depthwise" else {})
