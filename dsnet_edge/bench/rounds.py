"""Rounds of short, interleaved measurements: on a machine shared with others, a slow second then falls on all alike.

A round visits every path in a new random order, and on each path every case in a new random order, so that those to be compared
run within milliseconds of each other. A visit is one inference that is not counted (its neighbour has just been through the
caches) and one that is. Beside the median of each cell stands the median over the rounds of the ratio of two cells in the same
round: what slows the machine down for longer than a visit cancels in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dsnet_edge.profiling.contenders import Contender

STAGES = ("prefix", "gate", "suffix", "network")  # the network is the three together


@dataclass(frozen=True)
class Case:
    """A contender in a role."""

    name: str
    contender: Contender
    switching: bool = False  # the inference before the counted one takes another path
    routed: bool = False  # the gate chooses the path


@dataclass(frozen=True)
class Summary:
    """Milliseconds."""

    runs: int
    median_ms: float
    q1_ms: float
    q3_ms: float
    min_ms: float

    @staticmethod
    def of(samples: np.ndarray) -> Summary:
        q1, median, q3 = np.percentile(samples, (25, 50, 75))
        return Summary(samples.size, *(round(float(number), 5) for number in (median, q1, q3, samples.min())))


@dataclass(frozen=True)
class Cell:
    """One stage of one case on one path; prefix and gate do the same work on every path, so theirs are over all of them (-1)."""

    case: str
    stage: str
    path: int
    time: Summary


@dataclass(frozen=True)
class Ratio:
    """Of two cases in the same round, over all rounds."""

    case: str
    other: str
    stage: str
    path: int
    median: float
    q1: float
    q3: float

    @staticmethod
    def of(case: str, other: str, stage: str, path: int, samples: np.ndarray, others: np.ndarray) -> Ratio:
        q1, median, q3 = (round(float(number), 5) for number in np.percentile(samples / others, (25, 50, 75)))
        return Ratio(case, other, stage, path, median, q1, q3)


def run_rounds(
    cases: Sequence[Case],
    n_paths: int,
    images: np.ndarray,
    rounds: int,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Measured:
    """On normalised images `[n, h, w, 3]` in turn. Two rounds before the first are not counted. The ratios are
    those of the first case to every other that runs on fixed paths."""
    generator = np.random.default_rng(seed)
    samples = np.zeros((rounds, n_paths, len(cases), 3))
    warm_up = 2
    for index in range(-warm_up, rounds):
        image = images[index % len(images)]
        for path in generator.permutation(n_paths):
            other = int((path + generator.integers(1, n_paths)) % n_paths) if n_paths > 1 else int(path)
            for position in generator.permutation(len(cases)):
                case = cases[position]
                taken = -1 if case.routed else int(path)
                case.contender.infer(image, other if case.switching else taken)
                stages = case.contender.infer(image, taken)
                if index >= 0:
                    samples[index, path, position] = stages.prefix_ms, stages.gate_ms, stages.suffix_ms
        progress((index + warm_up + 1) / (warm_up + rounds))
    return _Samples(cases, samples).measured()


@dataclass(frozen=True)
class Measured:
    cells: tuple[Cell, ...]
    ratios: tuple[Ratio, ...]


class _Samples:
    """`[rounds, n_paths, cases, 3]` milliseconds of prefix, gate and suffix."""

    def __init__(self, cases: Sequence[Case], samples: np.ndarray) -> None:
        self.names = [case.name for case in cases]
        self.routed = {case.name for case in cases if case.routed}
        self.samples = samples

    def measured(self) -> Measured:
        keys = [(stage, -1) for stage in STAGES[:2] if self.runs(stage)]
        keys += [(stage, path) for path in range(self.samples.shape[1]) for stage in STAGES[2:]]
        cells = [Cell(name, *key, Summary.of(self.of(name, *key))) for name in self.names for key in keys if self.has(name, key)]
        first, *others = (name for name in self.names if name not in self.routed)
        ratios = [Ratio.of(first, other, *key, self.of(first, *key), self.of(other, *key)) for other in others for key in keys]
        return Measured(tuple(cells), tuple(ratios))

    def runs(self, stage: str) -> bool:
        """Whether it takes time at all: a network without a gate has but a suffix."""
        return all(self.of(name, stage, -1).any() for name in self.names)

    def has(self, name: str, key: tuple[str, int]) -> bool:
        """What the gate chose is nobody's path."""
        return key[1] < 0 or name not in self.routed

    def of(self, name: str, stage: str, path: int) -> np.ndarray:
        """All samples of a cell, in the order of the rounds."""
        of_case = self.samples[:, :, self.names.index(name)]
        if path < 0:
            return of_case[:, :, STAGES.index(stage)].reshape(-1)
        return of_case[:, path].sum(axis=1) if stage == "network" else of_case[:, path, STAGES.index(stage)]
