"""Latency of every path of every backend, measured so that a noisy machine disturbs all of them alike.

One process; the cells (backend, path) are visited round after round in a new random order, so a slow second of the
machine falls on all of them; medians with the interquartile range, and minima, are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dsnet_edge.runtime import Runner


@dataclass(frozen=True)
class Cell:
    """One backend on one path. Milliseconds; the total includes prefix and gate, as an inference does."""

    backend: str
    path: int
    runs: int
    median_ms: float
    q1_ms: float
    q3_ms: float
    min_ms: float
    prefix_ms: float  # medians of the stages
    gate_ms: float
    suffix_ms: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def time_paths(
    runners: Mapping[str, Runner],
    images: np.ndarray,
    rounds: int,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Cell]:
    """Every path of every runner, `rounds` times, on preprocessed `images` `[n, h, w, 3]` in turn; two warm-up rounds."""
    generator = np.random.default_rng(seed)
    cells = [(name, path) for name, runner in runners.items() for path in range(runner.bundle.n_paths)]
    samples: dict[tuple[str, int], list[tuple[float, float, float]]] = {cell: [] for cell in cells}
    warm_up = 2
    for index in range(warm_up + rounds):
        image = images[index % len(images)]
        for position in generator.permutation(len(cells)):
            name, path = cells[position]
            runners[name].infer(image, path)  # the other backend has just been through the caches
            stages = runners[name].infer(image, path)
            if index >= warm_up:
                samples[name, path].append((stages.prefix_ms, stages.gate_ms, stages.suffix_ms))
        progress((index + 1) / (warm_up + rounds))
    return [_cell(name, path, np.array(samples[name, path])) for name, path in cells]


def _cell(backend: str, path: int, stages: np.ndarray) -> Cell:
    total = stages.sum(axis=1)
    q1, median, q3 = np.percentile(total, (25, 50, 75))
    prefix, gate, suffix = np.median(stages, axis=0)
    numbers = (median, q1, q3, total.min(), prefix, gate, suffix)
    return Cell(backend, path, len(total), *(round(float(number), 4) for number in numbers))
