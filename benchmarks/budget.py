"""How a budget without a sweep is kept: labelled photos in random order, MAdds as costs. Prints the table of docs/budget.md.

    python benchmarks/budget.py BUNDLE IMAGES

IMAGES has a folder of photos for each class. Nothing is timed: what is measured is the policy.
"""

from __future__ import annotations

import sys
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.budget import bias_policy
from dsnet_edge.runtime.policy import Budget, Policy, choose, initial, solve
from dsnet_edge.sweep.images import labelled_photos
from dsnet_edge.sweep.outcomes import run_paths

_BUDGETS = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)  # million MAdds
_AFTER = (50, 200, 1000)


def main(bundle: str, images: str) -> None:
    runner = Runner(bundle)
    outcomes = run_paths(runner, labelled_photos(FilePath(images), runner.bundle.labels))
    order = np.random.default_rng(0).permutation(len(outcomes.scores))
    scores, correct = outcomes.scores[order], outcomes.correct[order]
    costs, lean, each = np.array(runner.bundle.madds) / 1e6, bias_policy(runner.bundle.madds).lean, np.arange(len(order))
    print(
        f"| budget | mean after {', '.join(map(str, _AFTER))} and {len(order)} images | top-1 % | with the best constant bias |"
    )
    print("|---|---|---|---|")
    for amount in _BUDGETS:
        paths = _follow(Policy(lean, budget=Budget("ms", amount, costs)), scores)
        constant = (scores - solve(scores, lean, costs, amount)[1] * lean).argmax(1)
        means = ", ".join(f"{costs[paths[:count]].mean():.2f}" for count in (*_AFTER, len(paths)))
        accuracies = (100 * correct[each, taken].mean() for taken in (paths, constant))
        print(f"| {amount} | {means} | {' | '.join(f'{accuracy:.2f}' for accuracy in accuracies)} |")


def _follow(policy: Policy, scores: np.ndarray) -> np.ndarray:
    state, paths = initial(policy), []
    for row in scores:
        path, _, state = choose(policy, state, row)
        paths.append(path)
    return np.array(paths)


if __name__ == "__main__":
    main(*sys.argv[1:])
