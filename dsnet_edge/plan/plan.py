"""A program with its weights: what every backend consumes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Literal

import numpy as np

from dsnet_edge.arch import Arch, Path, PathSpace
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.program import Op, Program, Segment
from dsnet_edge.plan.quant import Quant

if TYPE_CHECKING:
    from dsnet_edge.nn import SlimmableNet

Array = np.ndarray
_AFFINE = ("weight", "bias")  # of a norm


@dataclass(frozen=True)
class InputSpec:
    """How a photo becomes the image tensor: resize the short side, centre crop, scale to 0..1, normalise."""

    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: int
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    color: Literal["RGB"] = "RGB"


IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Epilogue:
    """`y = act(scale * x + shift)` for each output channel; one row for each set of statistics. None means 1 or 0."""

    scale: Array | None  # [rows, c_max]
    shift: Array | None  # [rows, c_max]

    def at(self, row: int, channels: int) -> tuple[Array | None, Array | None]:
        """The scale and shift of one row, for the first `channels` outputs."""
        return (None if self.scale is None else self.scale[row, :channels]), (
            None if self.shift is None else self.shift[row, :channels]
        )


@dataclass(frozen=True)
class Plan:
    """Full-width weights once; shapes, epilogue rows and costs by path come from the program. The epilogue of a group norm is
    its affine.

    Tensors: `conv2d` `[c_out, k, k, c_in]`, `depthwise` `[c, k, k]`, `pointwise` and `linear` `[c_out, c_in]`; float32, or int8,
    float16 or the bits of bfloat16 (uint16) in a plan of that precision.
    """

    program: Program
    input: InputSpec
    labels: tuple[str, ...]
    tensors: Mapping[str, Array]
    epilogues: Mapping[str, Epilogue]
    norm_eps: float = 1e-5  # of group norms: what is added to a variance
    quant: Quant | None = None  # of an int8 plan

    @staticmethod
    def from_model(model: SlimmableNet, input: InputSpec, labels: tuple[str, ...]) -> Plan:
        """The only way out of PyTorch training."""
        state = {name: tensor.detach().cpu().numpy() for name, tensor in model.state_dict().items()}
        return Plan.from_state(model.arch, state, input, labels)

    @staticmethod
    def from_checkpoint(file: FilePath | str) -> Plan:
        """From a checkpoint file, without torch. Raises BundleError for anything but a sound one."""
        from dsnet_edge.plan.checkpoint import read_checkpoint

        checkpoint = read_checkpoint(file)
        return Plan.from_state(checkpoint.arch, checkpoint.tensors, checkpoint.input, checkpoint.labels)

    @staticmethod
    def from_state(arch: Arch, state: Mapping[str, Array], input: InputSpec, labels: tuple[str, ...]) -> Plan:
        """From parameters by name, as a checkpoint holds them (`docs/checkpoint.md`)."""
        program = Program.from_arch(arch)
        if len(labels) != arch.n_classes:
            raise BundleError(f"{arch.name} has {arch.n_classes} classes but {len(labels)} labels; give one label a class")
        if (input.height, input.width) != program.shape("image", program.paths[0])[:2]:
            raise BundleError(f"{arch.name} takes {arch.image_size}-pixel images, the input says {input.height}x{input.width}")
        tensors: dict[str, Array] = {}
        epilogues: dict[str, Epilogue] = {}
        for op in program.ops:
            if op.kind == "group_norm":
                epilogues[op.name] = Epilogue(*(np.asarray(state[f"{op.name}.{part}"], np.float32)[None] for part in _AFFINE))
            elif op.has_weight:
                tensors[f"{op.name}.weight"], epilogues[op.name] = _parameters(arch, op, state)
        return Plan(program, input, labels, tensors, epilogues, arch.norm_eps)

    def routable(self) -> Plan:
        """Without a teacher that no gate can choose: what gets deployed."""
        return self.select(self.program.space.paths())

    def restrict(self, low: int, high: int) -> Plan:
        """Only the paths whose choices lie in `[low, high)`: a smaller arena and a gate that chooses among them."""
        return self.select(self.program.space.restrict(low, high).paths())

    def choose(self, choices: Iterable[int]) -> Plan:
        """Only the paths of these choices, likewise. Raises PathError for a choice that the gate does not have."""
        return self.select(self.program.space.choose(choices).paths())

    def select(self, paths: Iterable[Path]) -> Plan:
        """These routable paths only, slimmest first: weights cut to the widest, their scores, and the epilogue rows they use."""
        space = PathSpace.of(paths, self.program.space.has_gates)
        paths, widest = space.paths(), space.widest
        for path in paths:
            self.program.space.index(path)  # refuses a teacher that no gate can choose
        scored = _scored(self.program, space)
        program = _cut_scores(self.program.select(paths, space), {name: len(kept) for name, kept in scored.items()})
        tensors: dict[str, Array] = {}
        epilogues: dict[str, Epilogue] = {}
        ops: list[Op] = []
        rows: dict[str, list[int]] = {}
        channels: dict[str, int] = {}
        for op in program.ops:
            if not op.has_epilogue:
                ops.append(op)
                continue
            channels[op.name] = program.shape(op.output, widest)[2]
            kept = scored.get(op.output, slice(channels[op.name]))
            if op.has_weight:
                weight, shape = self.tensors[f"{op.name}.weight"][kept], program.weight_shape(op, widest)
                tensors[f"{op.name}.weight"] = np.ascontiguousarray(weight[:, *(slice(size) for size in shape[1:])])
            rows[op.name] = used = sorted(set(op.rows))
            epilogues[op.name] = _cut_epilogue(self.epilogues[op.name], used, kept)
            ops.append(replace(op, rows=tuple(used.index(row) for row in op.rows)))
        columns = [self.program.index(path) for path in paths]
        quant = self.quant.select(columns, rows, channels) if self.quant else None
        return replace(self, program=replace(program, ops=tuple(ops)), tensors=tensors, epilogues=epilogues, quant=quant)

    @property
    def arena_bytes(self) -> int:
        """Bytes of every weight, epilogue and table, each once."""
        arrays = [*self.tensors.values()]
        arrays += [array for e in self.epilogues.values() for array in (e.scale, e.shift) if array is not None]
        return sum(array.nbytes for array in arrays) + (self.quant.nbytes if self.quant else 0)

    def weight_bytes(self, path: Path) -> int:
        """Bytes of weights, epilogues and tables that an inference on `path` reads, gate included."""
        return sum(self.segment_bytes(segment, path) for segment in self.program.segments)

    def segment_bytes(self, segment: Segment, path: Path) -> int:
        """The same for one segment."""
        total = 0
        for op in self.program.segment(segment):
            if op.has_weight:
                total += self.tensors[f"{op.name}.weight"].itemsize * math.prod(self.program.weight_shape(op, path))
            if op.has_epilogue:
                channels, epilogue = self.program.shape(op.output, path)[2], self.epilogues[op.name]
                total += 4 * channels * sum(array is not None for array in (epilogue.scale, epilogue.shift))
                total += self.quant.row_bytes(op, channels) if self.quant else 0
        return total


def _parameters(arch: Arch, op: Op, state: Mapping[str, Array]) -> tuple[Array, Epilogue]:
    """Weight and epilogue of one op, in the Plan's layout."""
    if op.name.startswith("gate") and op.name.endswith(".nearest"):
        return _nearest(arch.gates[0].n_choices)
    weight = np.asarray(state[f"{op.name}.weight"], np.float32)
    if op.kind == "linear":
        bias = state.get(f"{op.name}.bias")
        return weight, Epilogue(None, None if bias is None else np.asarray(bias, np.float32)[None])
    if op.kind == "conv2d":  # a 1x1 one with a stride has the weight of a pointwise one
        weight = weight[:, None, None] if weight.ndim == 2 else weight.transpose(0, 2, 3, 1)
    elif op.kind == "depthwise":
        weight = weight[:, 0]
    if arch.norm == "group":
        return np.ascontiguousarray(weight), Epilogue(None, None)
    gamma, beta, mean, var = (
        np.asarray(state[f"{op.name}.norm.{part}"], np.float64) for part in ("weight", "bias", "mean", "var")
    )
    scale = gamma / np.sqrt(var + arch.norm_eps)
    return np.ascontiguousarray(weight), Epilogue(scale.astype(np.float32), (beta - mean * scale).astype(np.float32))


def _nearest(n_choices: int) -> tuple[Array, Epilogue]:
    """The scalar gate's scores `2 s c_p - c_p^2`: largest where the centre `c_p = (p + 0.5) / n` is nearest to `s`."""
    centres = (np.arange(n_choices, dtype=np.float32) + 0.5) / n_choices
    return 2 * centres[:, None], Epilogue(None, -(centres**2)[None])


def _scored(program: Program, space: PathSpace) -> dict[str, list[int]]:
    """Which of its scores each gate keeps in a sub-space."""
    gates = zip(program.gates, program.space.gates, space.gates, strict=False)  # a space without gates has a list, too
    return {scores: [before.index(choice) for choice in after] for scores, before, after in gates}


def _cut_scores(program: Program, n_choices: Mapping[str, int]) -> Program:
    values = tuple(
        replace(value, channels=(n_choices[value.name],) * len(program.paths)) if value.name in n_choices else value
        for value in program.values
    )
    return replace(program, values=values)


def _cut_epilogue(epilogue: Epilogue, rows: list[int], channels: list[int] | slice) -> Epilogue:
    def cut(array: Array | None) -> Array | None:
        return None if array is None else np.ascontiguousarray(array[rows][:, channels])

    return Epilogue(cut(epilogue.scale), cut(epilogue.shift))
