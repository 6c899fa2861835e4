"""The target network: an exponential moving average of the trained one (paper, eq. 3)."""

from __future__ import annotations

import copy

import torch

from dsnet_edge.nn import SlimmableNet


def make_target(net: SlimmableNet) -> SlimmableNet:
    return copy.deepcopy(net).requires_grad_(False)


@torch.no_grad()
def move_target(target: SlimmableNet, net: SlimmableNet, decay: float, step: int) -> None:
    """`theta' = a theta' + (1 - a) theta`, with `a = min(decay, (1 + step) / (10 + step))`.

    The smaller `a` of the first steps (it passes 0.997 at step 2990) rids the target of its random start sooner than the
    paper's constant one. Parameters only: the target runs on batch statistics, as everything does in training.
    """
    weight = 1 - min(decay, (1 + step) / (10 + step))
    for average, value in zip(target.parameters(), net.parameters(), strict=True):
        average.lerp_(value, weight)
