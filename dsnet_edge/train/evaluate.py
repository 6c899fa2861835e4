"""Logits of every path and of the gate over a split: what every figure is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dsnet_edge.arch import Path
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.train.data import Split
from dsnet_edge.train.report import Reporter


@dataclass(frozen=True)
class Outcomes:
    """What each path made of each image, and what the gate chose."""

    correct: np.ndarray  # bool [paths, N]
    choices: np.ndarray  # int [N], the gate's
    paths: tuple[Path, ...]

    @property
    def accuracies(self) -> np.ndarray:
        """Per cent on each path."""
        return 100 * self.correct.mean(1)


@torch.no_grad()
def evaluate(net: SlimmableNet, split: Split, paths: Sequence[Path], reporter: Reporter, batch: int = 250) -> Outcomes:
    """Runs the statistics bank; the routable paths share one run of the prefix."""
    device = next(net.parameters()).device
    correct, choices = [], []
    for x, y in reporter.track(split.eval_batches(batch), -(-len(split) // batch), "evaluating"):
        x, y = x.to(device), y.to(device)
        shared = net.prefix(x)
        rows = []
        for path in paths:
            prefix = shared if path in net.arch.space else net.prefix(x, path)
            rows.append(net.suffix(prefix.features, prefix.attention, path).argmax(1) == y)
        correct.append(torch.stack(rows).cpu().numpy())
        choices.append(shared.scores.argmax(1).cpu().numpy())
    return Outcomes(np.concatenate(correct, axis=1), np.concatenate(choices), tuple(paths))
