"""What every path and the gate make of a split: what every figure is computed from."""

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
    """Over N images."""

    correct: np.ndarray  # bool [paths, N]
    scores: np.ndarray  # float32 [N, n_choices], the gate's

    @property
    def accuracies(self) -> np.ndarray:
        """Per cent on each path."""
        return 100 * self.correct.mean(1)


@torch.no_grad()
def evaluate(net: SlimmableNet, split: Split, paths: Sequence[Path], reporter: Reporter, batch: int = 250) -> Outcomes:
    """Uses the statistics bank; the routable paths share one run of the prefix."""
    device = next(net.parameters()).device
    correct, scores = [], []
    for images, labels in reporter.track(split.eval_batches(batch), -(-len(split) // batch), "evaluating"):
        x, y = images.to(device), labels.to(device)
        shared = net.prefix(x)
        rows = []
        for path in paths:
            prefix = shared if path in net.arch.space else net.prefix(x, path)
            rows.append(net.suffix(prefix.features, prefix.attention, path).argmax(1) == y)
        correct.append(torch.stack(rows).cpu().numpy())
        scores.append(shared.scores.cpu().numpy())
    return Outcomes(np.concatenate(correct, axis=1), np.concatenate(scores))
