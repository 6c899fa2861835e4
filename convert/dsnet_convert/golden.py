"""Golden inputs and outputs: what a device must reproduce, from the NumPy oracle."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.errors import MissingExtraError
from dsnet_edge.plan import InputSpec, Plan
from dsnet_edge.plan.oracle import run_segment

Tick = Callable[[str, int, int], None]  # what is at work, steps done, steps there are

_SEED, _COUNT = 20, 3
_BATCH = 8  # images at once: more make NumPy no faster, only larger


def no_tick(what: str, done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Golden:
    """All float32."""

    images: np.ndarray  # [n, h, w, 3], normalised
    scores: np.ndarray  # [n, P]; of several gates those of all, one after the other, on the widest path
    logits: np.ndarray  # [P, n, classes]


def golden_images(plan: Plan, photos: Sequence[FilePath]) -> np.ndarray:
    """The photos as the network sees them, or, without any, seeded noise that is smooth enough to look like one."""
    spec = plan.input
    if photos:
        return photo_images(spec, photos)
    generator = np.random.default_rng(_SEED)
    coarse = generator.normal(size=(_COUNT, 8, 8, 3)).repeat(-(-spec.height // 8), 1).repeat(-(-spec.width // 8), 2)
    fine = generator.normal(size=(_COUNT, spec.height, spec.width, 3))
    return (coarse[:, : spec.height, : spec.width] + 0.25 * fine).astype(np.float32)


def photo_images(spec: InputSpec, photos: Sequence[FilePath]) -> np.ndarray:
    """`[n, h, w, 3]`, float32, normalised."""
    from dsnet_edge.runtime.preprocess import preprocess

    return np.stack([preprocess(photo, spec) for photo in photos]).astype(np.float32)


def golden_arrays(plan: Plan, deployed: Plan, images: np.ndarray) -> dict[str, np.ndarray]:
    """What a bundle stores, by name: images, the outputs of the deployed plan, and those of the fp32 plan where it is another."""
    found = golden_outputs(deployed, images)
    arrays = {"images": images, "scores": found.scores, "logits": found.logits}
    if deployed is not plan:
        exact = golden_outputs(plan, images)
        arrays |= {"fp32_scores": exact.scores, "fp32_logits": exact.logits}
    return arrays


def own_arrays(folder: FilePath) -> dict[str, np.ndarray]:
    """Of a bundle that is not fp32: what the backends that round in their own way give for its golden images, by name.

    Those that are not installed here are left out: a device can still run them, but cannot test itself on them.
    """
    from dsnet_edge.runtime import Runner, open_bundle
    from dsnet_edge.runtime.golden import read_images
    from dsnet_edge.runtime.self_test import RUNS_THE_PLAN, every_path

    bundle = open_bundle(folder)
    images = read_images(bundle)
    arrays: dict[str, np.ndarray] = {}
    for backend in bundle.backends:
        if backend not in RUNS_THE_PLAN:
            with suppress(MissingExtraError):
                arrays[f"{backend}_scores"], arrays[f"{backend}_logits"] = every_path(Runner(bundle, backend), images)
    return arrays


def golden_outputs(plan: Plan, images: np.ndarray, tick: Tick = no_tick) -> Golden:
    """Scores, and the logits on every path, of normalised images `[n, h, w, 3]`."""
    program = plan.program
    batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    scores: list[np.ndarray] = []
    logits: list[np.ndarray] = []
    for index, batch in enumerate(batches):
        outputs: list[np.ndarray] = []
        for values in _on_every_path(plan, 0, {program.image: batch.astype(np.float64)}, list(program.paths)):
            outputs.append(values[program.logits])
            tick("the oracle", index * len(program.paths) + len(outputs), len(batches) * len(program.paths))
        scores.append(np.concatenate([np.zeros((len(batch), 0)), *(values[name] for name in program.gates)], 1))
        logits.append(np.stack(outputs))
    return Golden(images, np.concatenate(scores).astype(np.float32), np.concatenate(logits, 1).astype(np.float32))


def _on_every_path(plan: Plan, level: int, values: dict[str, np.ndarray], paths: list[Path]) -> Iterator[dict[str, np.ndarray]]:
    """All values of each of the paths, which agree in the choices before a level of the program; what they share runs once."""
    for segment in plan.program.levels[level]:
        values = run_segment(plan, segment, values, paths[0])
    if level + 1 == len(plan.program.levels):
        yield values
        return
    for _, together in itertools.groupby(paths, key=lambda path: path.choices[: level + 1]):
        yield from _on_every_path(plan, level + 1, values, list(together))
