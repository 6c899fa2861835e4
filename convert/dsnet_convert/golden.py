"""Golden inputs and outputs: what a device must reproduce, from the NumPy oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.plan import Plan
from dsnet_edge.plan.oracle import run_segment

_SEED, _COUNT = 20, 3


@dataclass(frozen=True)
class Golden:
    """All float32."""

    images: np.ndarray  # [n, h, w, 3], normalised
    scores: np.ndarray  # [n, P]
    logits: np.ndarray  # [P, n, classes]


def golden_images(plan: Plan, photos: Sequence[FilePath]) -> np.ndarray:
    """The photos as the network sees them, or, without any, seeded noise that is smooth enough to look like one."""
    from dsnet_edge.runtime.preprocess import preprocess

    if photos:
        return np.stack([preprocess(photo, plan.input) for photo in photos]).astype(np.float32)
    spec = plan.input
    generator = np.random.default_rng(_SEED)
    coarse = generator.normal(size=(_COUNT, 8, 8, 3)).repeat(-(-spec.height // 8), 1).repeat(-(-spec.width // 8), 2)
    fine = generator.normal(size=(_COUNT, spec.height, spec.width, 3))
    return (coarse[:, : spec.height, : spec.width] + 0.25 * fine).astype(np.float32)


def golden_arrays(plan: Plan, deployed: Plan, images: np.ndarray) -> dict[str, np.ndarray]:
    """What a bundle stores, by name: images, the outputs of the deployed plan, and those of the fp32 plan where it is another."""
    found = golden_outputs(deployed, images)
    arrays = {"images": images, "scores": found.scores, "logits": found.logits}
    if deployed is not plan:
        exact = golden_outputs(plan, images)
        arrays |= {"fp32_scores": exact.scores, "fp32_logits": exact.logits}
    return arrays


def golden_outputs(plan: Plan, images: np.ndarray) -> Golden:
    """Scores, and the logits on every path, of normalised images `[n, h, w, 3]`. The prefix runs once for all paths."""
    program = plan.program
    values = {program.image: images.astype(np.float64)}
    for segment in ("prefix", "gate"):
        values = run_segment(plan, segment, values, program.paths[0])
    logits = [run_segment(plan, "suffix", values, path)[program.logits] for path in program.paths]
    return Golden(images, values[program.scores].astype(np.float32), np.stack(logits).astype(np.float32))
