"""A bundle's proof on this machine: every path on the golden images, against golden outputs. Needs nothing but the bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dsnet_edge.errors import BundleError
from dsnet_edge.plan.elements import Precision
from dsnet_edge.runtime.golden import read_images, read_outputs
from dsnet_edge.runtime.measures import TOLERANCE, Choices, Difference, choices, difference
from dsnet_edge.runtime.runner import Runner

RUNS_THE_PLAN = ("sliced", "numpy")  # and so has the oracle's outputs as golden ones, in every precision


@dataclass(frozen=True)
class SelfTest:
    backend: str
    runtime: str
    precision: Precision
    images: int
    tolerance: float  # of the relative errors
    paths: tuple[Difference, ...]
    gate: Choices

    def path_passed(self, path: int) -> bool:
        return self.paths[path].relative_error <= self.tolerance

    @property
    def gate_passed(self) -> bool:
        return self.gate.all_right and self.gate.relative_error <= self.tolerance

    @property
    def passed(self) -> bool:
        return self.gate_passed and all(map(self.path_passed, range(len(self.paths))))


def self_test(runner: Runner) -> SelfTest:
    """Raises BundleError where the golden files are unusable, or the bundle has none for this backend. A miss is no error."""
    bundle, backend, precision = runner.bundle, runner.backend_name, runner.bundle.precision
    whose = "" if precision == "fp32" or backend in RUNS_THE_PLAN else backend
    if whose and f"{whose}_logits" not in bundle.manifest["golden"]:
        raise BundleError(
            f"{bundle.folder}: no golden outputs of {backend}'s own {precision}; convert it where that runtime is installed"
        )
    images = read_images(bundle)
    expected_scores, expected_logits = read_outputs(bundle, whose, len(images))
    scores, logits = every_path(runner, images)
    tolerance = TOLERANCE[precision]
    paths = tuple(difference(found, expected) for found, expected in zip(logits, expected_logits, strict=True))
    gate = choices(scores, expected_scores, tolerance, bundle.n_choices)
    return SelfTest(backend, runner.backend.runtime, precision, len(images), tolerance, paths, gate)


def every_path(
    runner: Runner, images: np.ndarray, tick: Callable[[int, int], None] = lambda done, total: None
) -> tuple[np.ndarray, np.ndarray]:
    """Scores, as golden ones are, and logits `[P, n, classes]` on every path, of normalised images `[n, h, w, 3]`.

    `tick` is told after each path how many are done, of how many.
    """
    n_paths = runner.bundle.n_paths
    logits: list[np.ndarray] = []
    for path in range(n_paths):
        found = [runner.infer(image, path) for image in images]
        logits.append(np.stack([stages.logits for stages in found]))
        tick(path + 1, n_paths)
    return np.stack([stages.scores for stages in found]), np.stack(logits)
