"""A Plan with random weights whose activations are standardised on data, for speed work without a trained network.

Every batch-norm row is filled from what its convolution really computes on its path, so activations stay in the range of
a trained network (no denormals, no overflow), and the gate's rows are made orthogonal to the mean hidden vector, so that
different images take different paths.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from dsnet_edge.arch import Arch, Path
from dsnet_edge.plan import Epilogue, InputSpec, Op, Plan
from dsnet_edge.plan.float_ops import activate, run_float
from dsnet_edge.plan.parameters import parameter_shapes
from dsnet_edge.plan.plan import IMAGENET_MEAN, IMAGENET_STD, Array


def random_plan(arch: Arch, seed: int) -> Plan:
    """A routable plan of `arch`; the same seed gives the same weights."""
    generator = np.random.default_rng(seed)
    spec = InputSpec(arch.image_size, arch.image_size, IMAGENET_MEAN, IMAGENET_STD, arch.image_size * 8 // 7)
    labels = tuple(f"class {index}" for index in range(arch.n_classes))
    blank = Plan.from_state(arch, _random_state(arch, generator), spec, labels).routable()
    return _standardise(blank, noise_images(generator, 2, arch.image_size))


def _random_state(arch: Arch, generator: np.random.Generator) -> dict[str, Array]:
    """He-normal weights, zero biases, and statistics that `_standardise` replaces."""
    state: dict[str, Array] = {}
    for name, shape in parameter_shapes(arch).items():
        if name.endswith((".bias", ".norm.mean")):
            state[name] = np.zeros(shape, np.float32)
        elif name.endswith((".norm.weight", ".norm.var")):
            state[name] = np.ones(shape, np.float32)
        else:
            fan_in = int(np.prod(shape[1:]))
            state[name] = generator.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
    return state


def noise_images(generator: np.random.Generator, count: int, size: int) -> Array:
    """Normalised images `[n, size, size, 3]` of noise at every scale in random proportions, from smooth to white."""
    images = np.zeros((count, size, size, 3))
    cells = 2
    while cells <= size:
        noise = generator.normal(size=(count, cells, cells, 3)) * generator.uniform(0, 1, (count, 1, 1, 1))
        repeat = -(-size // cells)
        images += np.repeat(np.repeat(noise, repeat, 1), repeat, 2)[:, :size, :size]
        cells *= 2
    return images / images.std(axis=(1, 2, 3), keepdims=True)


def _standardise(plan: Plan, images: Array) -> Plan:
    """Runs every level of the program for each combination of choices before it, filling each epilogue row when an op first
    needs it. Group norm needs no filling, so several gates are balanced on the widest path alone."""
    plan = replace(plan, tensors=dict(plan.tensors), epilogues=dict(plan.epilogues))
    paths = list(plan.program.paths) if len(plan.program.gates) < 2 else [plan.program.space.widest]
    _fill_level(plan, 0, {plan.program.image: images}, paths)
    return plan


def _fill_level(plan: Plan, level: int, values: dict[str, Array], paths: list[Path]) -> None:
    """From a level on, on paths that agree up to there."""
    values = dict(values)
    for segment in plan.program.levels[level]:
        for op in plan.program.segment(segment):
            values[op.output] = _fill(plan, op, values, paths[0])
    if level + 1 < len(plan.program.levels):
        for _, together in itertools.groupby(paths, key=lambda path: path.choices[: level + 1]):
            _fill_level(plan, level + 1, values, list(together))


def _fill(plan: Plan, op: Op, values: dict[str, Array], path: Path) -> Array:
    """The op's output, standardised by what is written into its epilogue row."""
    inputs = [values[name] for name in (op.input, op.input2) if name]
    if op.output in plan.program.gates:
        weight, mean = plan.tensors[f"{op.name}.weight"], inputs[0].mean(axis=0)
        weight -= np.outer(weight @ mean, mean) / (mean @ mean)
    if not op.has_weight or plan.epilogues[op.name].scale is None:
        return run_float(plan, op, inputs, path)
    bare = replace(plan, epilogues={op.name: Epilogue(None, None)})
    raw = run_float(bare, replace(op, activation="none"), inputs, path)
    axes = tuple(range(raw.ndim - 1))
    mean, std = raw.mean(axis=axes), raw.std(axis=axes) + 1e-3
    scale, shift = plan.epilogues[op.name].at(op.rows[plan.program.index(path)], mean.size)
    assert scale is not None and shift is not None  # batch norm always has both
    scale[:], shift[:] = 1 / std, -mean / std
    return activate(op.activation, (raw - mean) / std)
