"""What the static graphs of a network learn the ranges of their activations from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.plan.estimate import Estimator, estimator_named


@dataclass(frozen=True)
class Samples:
    images: np.ndarray  # float32 [n, h, w, 3], normalised
    estimator: Estimator | None = "variance"  # None leaves the ranges to the target's own tool

    @property
    def key(self) -> str:
        """Differs where anything does."""
        return hashlib.sha256(self.images.tobytes()).hexdigest() + f"{self.images.shape} {self.estimator}"

    def save(self, file: FilePath) -> None:
        np.savez(file, images=self.images, estimator=np.array(self.estimator or ""))

    @staticmethod
    def load(file: FilePath) -> Samples:
        """Of what `save` wrote for a process of ours."""
        arrays = np.load(file, allow_pickle=False)
        name = str(arrays["estimator"])
        return Samples(arrays["images"], estimator_named(name) if name else None)
