"""A network as a list of ops whose shapes are functions of the path. No weights: those join it in the Plan.

Multiply-adds are counted here and nowhere else, as the authors count them: convolutions, linear layers and the inputs of average
poolings; norms, activations, max pooling, the attention's multiply and shortcuts are free. The slimming head belongs to no static
path, so it is counted apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from dsnet_edge.arch import Activation, Arch, Path, PathSpace
from dsnet_edge.errors import PathError
from dsnet_edge.plan.elements import MAP_TYPE, ElementType, Precision, element_bytes

Kind = Literal[
    "conv2d", "depthwise", "pointwise", "linear", "global_pool", "multiply", "add", "group_norm", "max_pool"
]  # fmt: skip
Segment = str
MOST_GATES = 8


def segment_names(n_gates: int) -> tuple[Segment, ...]:
    """In the order they run. Without a gate, prefix and gate are empty."""
    if n_gates <= 1:
        return "prefix", "gate", "suffix"
    names = [name for index in range(n_gates) for name in (f"segment.{index}", f"gate.{index}")]
    return *names, f"segment.{n_gates}"


@dataclass(frozen=True)
class Value:
    """An activation: a feature map `[height, width, channels]`, or a vector where height and width are 1."""

    name: str
    height: int
    width: int
    channels: tuple[int, ...]  # on each path
    type: ElementType = "f32"


@dataclass(frozen=True)
class Op:
    """One step. Its weights are `tensors["<name>.weight"]` of the Plan, its scale and shift `epilogues[name]`."""

    name: str
    kind: Kind
    segment: Segment
    input: str
    output: str
    input2: str | None = None
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    activation: Activation = "none"
    rows: tuple[int, ...] = ()  # epilogue row on each path

    @property
    def has_weight(self) -> bool:
        return self.kind in ("conv2d", "depthwise", "pointwise", "linear")

    @property
    def has_epilogue(self) -> bool:
        """Weights, or the affine of a norm that no convolution can take up."""
        return self.has_weight or self.kind == "group_norm"


@dataclass(frozen=True)
class Program:
    """Ops in execution order over values; `paths[i]` is what column `i` of every per-path tuple describes."""

    name: str
    space: PathSpace
    paths: tuple[Path, ...]
    values: tuple[Value, ...]
    ops: tuple[Op, ...]
    image: str
    gates: tuple[str, ...]  # the value with each gate's scores
    logits: str

    @property
    def scores(self) -> str:
        """Those of the gate, of a program that has one."""
        if len(self.gates) != 1:
            raise PathError(f"{self.name} has {len(self.gates)} gates, and scores for each")
        return self.gates[0]

    @property
    def segments(self) -> tuple[Segment, ...]:
        return segment_names(len(self.gates))

    @property
    def levels(self) -> tuple[tuple[Segment, ...], ...]:
        """The segments behind the same number of choices, which are all that level `n` can depend on: `path.choices[:n]`.

        Without a gate the first level is empty, and the caller's choice is made before the second.
        """
        return tuple(self.segments[first : first + 2] for first in range(0, len(self.segments), 2))

    @property
    def precision(self) -> Precision:
        """What the feature maps are stored in."""
        element = next(self.value(op.output).type for op in self.ops if op.kind == "conv2d")
        return next(precision for precision, map_type in MAP_TYPE.items() if map_type == element)

    def index(self, path: Path) -> int:
        try:
            return self._columns[path]
        except KeyError:
            known = ", ".join(str(path) for path in self.paths)
            raise PathError(f"{self.name} has no path {path}; its paths are {known}") from None

    def value(self, name: str) -> Value:
        return self._by_name[name]

    @cached_property
    def _columns(self) -> dict[Path, int]:
        return {path: column for column, path in enumerate(self.paths)}

    @cached_property
    def _by_name(self) -> dict[str, Value]:
        return {value.name: value for value in self.values}

    def shape(self, name: str, path: Path) -> tuple[int, int, int]:
        """`(h, w, c)` of a value on a path."""
        value = self.value(name)
        return value.height, value.width, value.channels[self.index(path)]

    def segment(self, name: Segment) -> tuple[Op, ...]:
        return tuple(op for op in self.ops if op.segment == name)

    def interface(self, name: Segment) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values a segment reads from outside, and the ones it writes that others, or the caller, read."""
        ops = self.segment(name)
        written = {op.output for op in ops}
        reads = dict.fromkeys(value for op in ops for value in (op.input, op.input2) if value and value not in written)
        wanted = {value for op in self.ops if op.segment != name for value in (op.input, op.input2)} | {*self.gates, self.logits}
        return tuple(reads), tuple(op.output for op in ops if op.output in wanted)

    def weight_shape(self, op: Op, path: Path) -> tuple[int, ...]:
        """The slice of the op's weight that a path uses: `[c_out, k, k, c_in]`, `[c, k, k]` or `[c_out, c_in]`."""
        c_in, c_out = self.shape(op.input, path)[2], self.shape(op.output, path)[2]
        if op.kind == "conv2d":
            return c_out, op.kernel, op.kernel, c_in
        if op.kind == "depthwise":
            return c_out, op.kernel, op.kernel
        return c_out, c_in

    def op_madds(self, op: Op, path: Path) -> int:
        h_in, w_in, c_in = self.shape(op.input, path)
        h, w, c_out = self.shape(op.output, path)
        if op.kind == "global_pool":
            return h_in * w_in * c_in
        if not op.has_weight:
            return 0
        per_output = op.kernel * op.kernel * (1 if op.kind == "depthwise" else c_in)
        return h * w * c_out * per_output

    def op_parameters(self, op: Op, path: Path) -> int:
        """Weights and, for each output channel, an affine pair of the norm or a bias after a linear layer."""
        if op.kind == "group_norm":
            return 2 * self.shape(op.output, path)[2]
        if not op.has_weight:
            return 0
        shape = self.weight_shape(op, path)
        count = math.prod(shape)
        return count + (0 if not op.rows else shape[0] * (1 if op.kind == "linear" else 2))

    def madds(self, path: Path, segment: Segment | None = None) -> int:
        """Multiply-adds of a segment, or of the whole network as the authors count it (without the slimming head)."""
        return sum(self.op_madds(op, path) for op in self._counted(segment))

    def parameters(self, path: Path, segment: Segment | None = None) -> int:
        return sum(self.op_parameters(op, path) for op in self._counted(segment))

    def _counted(self, segment: Segment | None) -> tuple[Op, ...]:
        if segment is not None:
            return self.segment(segment)
        head = self.slimming_head
        return tuple(op for op in self.ops if op not in head)

    @property
    def slimming_head(self) -> tuple[Op, ...]:
        """The ops that serve scores alone."""
        wanted, head = {*self.gates}, []
        for op in reversed(self.ops):
            readers = [o for o in self.ops if op.output in (o.input, o.input2)]
            if op.output in wanted and all(reader in head for reader in readers):
                head.append(op)
                wanted.add(op.input)
        return tuple(reversed(head))

    def activation_bytes(self, path: Path) -> int:
        """Bytes of the largest op's input and output together: the least any runtime needs at once."""
        column = self.index(path)
        sizes = {v.name: element_bytes(v.type) * v.height * v.width * v.channels[column] for v in self.values}
        return max(sizes[op.input] + sizes[op.output] for op in self.ops)

    def select(self, paths: tuple[Path, ...], space: PathSpace) -> Program:
        """The same program over fewer paths. Rows keep their numbers; the Plan drops those no path uses."""
        columns = [self.index(path) for path in paths]
        values = tuple(replace(value, channels=tuple(value.channels[i] for i in columns)) for value in self.values)
        ops = tuple(replace(op, rows=tuple(op.rows[i] for i in columns)) if op.rows else op for op in self.ops)
        return replace(self, space=space, paths=paths, values=values, ops=ops)

    def with_precision(self, precision: Precision) -> Program:
        """Every feature map in the element type of that precision, the image in int8 only; all vectors stay f32."""
        maps = {op.output for op in self.ops if op.kind not in ("linear", "global_pool")}
        maps |= {self.image} if precision == "int8" else set()
        element = MAP_TYPE[precision]
        return replace(self, values=tuple(replace(v, type=element) if v.name in maps else v for v in self.values))

    @staticmethod
    def from_arch(arch: Arch) -> Program:
        """The program of an architecture, over every path including the teacher."""
        from dsnet_edge.plan.build import build_program

        return build_program(arch)
