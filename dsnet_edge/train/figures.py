"""Does the gate earn its place? Dynamic accuracy against the best static path, random routing and the oracle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsnet_edge.arch import PathSpace
from dsnet_edge.train.evaluate import Outcomes


@dataclass(frozen=True)
class RoutingFigures:
    """Accuracies in per cent, multiply-adds a sample on average."""

    accuracy: float
    madds: float
    shares: tuple[float, ...]  # of each path of the space
    static_accuracy: float  # of the best static paths at the same multiply-adds, inside the space or not
    random_accuracy: float  # of the same shares dealt at random: mean ...
    random_std: float  # ... and standard deviation over the draws
    oracle_accuracy: float  # each sample on its cheapest correct path, the slimmest where none is
    oracle_madds: float


def routing_figures(outcomes: Outcomes, madds: np.ndarray, space: PathSpace, draws: int = 1000, seed: int = 0) -> RoutingFigures:
    """The gate chooses from `space`; `outcomes` and `madds` `[paths]` are of all paths of the network, slimmest first."""
    routable = list(space.gates[0])
    correct, costs = outcomes.correct[routable], madds[routable]
    choices = outcomes.scores[:, routable].argmax(1)
    samples = np.arange(correct.shape[1])
    average = float(costs[choices].mean())
    generator = np.random.default_rng(seed)
    dealt = [100 * correct[generator.permutation(choices), samples].mean() for _ in range(draws)]
    cheapest = np.where(correct.any(0), correct.argmax(0), 0)
    return RoutingFigures(
        accuracy=float(100 * correct[choices, samples].mean()),
        madds=average,
        shares=tuple(float(share) for share in np.bincount(choices, minlength=len(costs)) / len(choices)),
        static_accuracy=static_at(madds, outcomes.accuracies, average),
        random_accuracy=float(np.mean(dealt)),
        random_std=float(np.std(dealt)),
        oracle_accuracy=float(100 * correct[cheapest, samples].mean()),
        oracle_madds=float(costs[cheapest].mean()),
    )


def static_at(madds: np.ndarray, accuracies: np.ndarray, at: float) -> float:
    """Accuracy of the best static path of at most so many multiply-adds, linear between paths.

    The running maximum: nobody would deploy a path that a cheaper one beats.
    """
    return float(np.interp(at, madds, np.maximum.accumulate(accuracies)))
