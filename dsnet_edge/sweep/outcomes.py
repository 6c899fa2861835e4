"""What a bundle makes of labelled photos: every path's answer and the gate's scores, from one run of prefix and gate each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime import Runner, preprocess
from dsnet_edge.sweep.images import Labelled


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Over N images."""

    correct: np.ndarray  # bool [N, P]
    scores: np.ndarray  # float64 [N, P], the gate's

    @property
    def static_accuracy(self) -> np.ndarray:
        """Top-1 of each path, per cent."""
        return 100 * self.correct.sum(0) / len(self.correct)


def run_paths(runner: Runner, photos: Iterable[Labelled]) -> Outcomes:
    bundle, backend = runner.bundle, runner.backend
    correct, scores = [], []
    for labelled in photos:
        feature = backend.prefix(np.ascontiguousarray(preprocess(labelled.photo, bundle.input)))
        found, attention = backend.gate(feature)
        if not np.isfinite(found).all():
            raise BundleError(f"{bundle.folder}: the gate's scores of {labelled.photo} are no numbers; verify the bundle")
        scores.append(found.astype(np.float64))
        answers = [int(backend.suffix(feature, attention, path).argmax()) for path in range(bundle.n_paths)]
        correct.append([answer == labelled.label for answer in answers])
    return Outcomes(np.array(correct), np.array(scores))
