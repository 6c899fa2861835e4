"""The ranges that feature maps take on real images, on every path: what int8 quantisation needs to know beyond the weights."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.estimate import Estimator, draw, estimate_range
from dsnet_edge.plan.float_ops import activate, run_float
from dsnet_edge.plan.plan import Array, InputSpec, Plan
from dsnet_edge.plan.program import Op, Program, Segment
from dsnet_edge.plan.quant import has_table

_BATCH = 16  # images at a time: 0.4 GB at 224 pixels

_Branch = tuple[int, int | None]  # a level of the program, and the choice made right before it


@dataclass(frozen=True)
class Ranges:
    """`[P, 2]` lowest and highest number to represent, one row a path; the prefix has the same on all."""

    outputs: Mapping[str, Array]  # of every feature map, the image among them, by value
    before_activation: Mapping[str, Array]  # of every op whose activation int8 takes from a table, by op


def calibrate(plan: Plan, images: Array, estimator: Estimator = "variance") -> Ranges:
    """Ranges of an fp32 plan on normalised images `[n, h, w, 3]`, on every path.

    Of a network with several gates, a range depends on the last choice alone that was made before; it is that of all pairs of
    neighbouring choices which end so. Raises DsnetError, naming the op, where activations are not finite.
    """
    program = plan.program
    samples: dict[_Branch, _Samples] = {branch: _Samples(len(images)) for path in program.paths for branch in _branches(path)}
    for first in range(0, len(images), _BATCH):
        batch = {program.image: images[first : first + _BATCH].astype(np.float32)}
        _walk(plan, 0, batch, _chosen(program), samples)
    found = {branch: samples[branch].ranges(program.ops, estimator) for branch in samples}
    outputs: dict[str, list[Array]] = {}
    before_activation: dict[str, list[Array]] = {}
    for path in program.paths:
        for branch, level in zip(_branches(path), program.levels, strict=True):
            for op in (op for segment in level for op in program.segment(segment) if op in found[branch]):
                before, after = found[branch][op]
                outputs.setdefault(op.output, []).append(after)
                if has_table(op):
                    before_activation.setdefault(op.name, []).append(before)
    outputs[program.image] = [_image_range(plan.input, images)] * len(program.paths)
    for op in program.ops:
        if op.kind == "max_pool":  # compares integers, so they must mean the same on both sides
            outputs[op.output] = outputs[op.input]
    return Ranges(
        {name: np.array(rows) for name, rows in outputs.items()},
        {name: np.array(rows) for name, rows in before_activation.items()},
    )


def _branches(path: Path) -> list[_Branch]:
    """What the ranges of each level of the program depend on."""
    return [(level, path.choices[level - 1] if level else None) for level in range(len(path.choices) + 1)]


def _chosen(program: Program) -> list[Path]:
    """The paths to run: all, or with several gates those on which two choices alternate, so that every pair occurs."""
    if len(program.gates) < 2:
        return list(program.paths)
    gates = program.space.gates
    pairs = itertools.product(range(max(map(len, gates))), repeat=2)
    return sorted({Path(tuple(gate[pair[place % 2] % len(gate)] for place, gate in enumerate(gates))) for pair in pairs})


def _walk(plan: Plan, level: int, values: dict[str, Array], paths: list[Path], samples: Mapping[_Branch, _Samples]) -> None:
    """Runs a batch from a level of the program on, on paths that agree up to there, leaving samples of every feature map."""
    program = plan.program
    for segment in program.levels[level]:
        values = _run(plan, segment, values, paths[0], samples[_branches(paths[0])[level]])
    if level + 1 == len(program.levels):
        return
    read = {name for later in program.levels[level + 1] for name in program.interface(later)[0]}
    values = {name: values[name] for name in read if name in values}
    for _, together in itertools.groupby(paths, key=lambda path: path.choices[: level + 1]):
        _walk(plan, level + 1, values, list(together), samples)


def _image_range(spec: InputSpec, images: Array) -> Array:
    """What a pixel can be, and what these images, which need not come from pixels, hold."""
    mean, std = np.array(spec.mean), np.array(spec.std)
    return np.array([min((-mean / std).min(), images.min(), 0.0), max(((1 - mean) / std).max(), images.max(), 0.0)])


class _Samples:
    """Numbers `[k, c]` drawn from every feature map before its activation, by op and how wide it was."""

    def __init__(self, n_images: int) -> None:
        self.numbers: dict[str, dict[int, list[Array]]] = {}
        self.n_images = n_images
        self.generator = np.random.default_rng(0)

    def add(self, op: Op, raw: Array) -> None:
        """Pixels of a batch `[n, h, w, c]`, as many as its share of the images."""
        pixels = raw.reshape(-1, raw.shape[-1])
        drawn = draw(pixels, len(raw) / self.n_images, self.generator)
        self.numbers.setdefault(op.name, {}).setdefault(raw.shape[-1], []).append(drawn)

    def ranges(self, ops: Iterable[Op], estimator: Estimator) -> dict[Op, tuple[Array, Array]]:
        """Before and behind the activation, of the ops that write feature maps."""
        found: dict[Op, tuple[Array, Array]] = {}
        for op in (op for op in ops if op.name in self.numbers):
            widths = [np.concatenate(numbers) for numbers in self.numbers[op.name].values()]
            if not all(np.isfinite(x).all() for x in widths):
                raise DsnetError(
                    f"{op.name}: activations are not finite, so they have no range; train again, or check the photos"
                )
            before = _around(estimate_range(x, op.activation, estimator) for x in widths)
            found[op] = before, _around(estimate_range(activate(op.activation, x), estimator=estimator) for x in widths)
        return found


def _around(ranges: Iterable[Array]) -> Array:
    """The least range that holds all of them."""
    lows, highs = zip(*ranges, strict=True)
    return np.array([min(lows), max(highs)])


def _run(plan: Plan, segment: Segment, values: dict[str, Array], path: Path, samples: _Samples) -> dict[str, Array]:
    """`run_segment` in float32, leaving a sample of every feature map."""
    values = dict(values)
    for op in plan.program.segment(segment):
        raw = run_float(plan, replace(op, activation="none"), [values[name] for name in (op.input, op.input2) if name], path)
        values[op.output] = activate(op.activation, raw)
        if raw.ndim == 4:
            samples.add(op, raw)
    return values
