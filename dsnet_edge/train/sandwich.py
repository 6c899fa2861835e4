"""Many paths of one network over one batch, in training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dsnet_edge.arch import Path
from dsnet_edge.nn import BATCH, SlimmableNet


def sandwich_logits(net: SlimmableNet, x: Tensor, paths: Sequence[Path]) -> Tensor:
    """float32 logits `[paths, N, classes]` with batch statistics.

    Routable paths share one run of the prefix: with the same widths before the gate they would all compute the same.
    """
    shared = None
    logits = []
    for path in paths:
        if path in net.arch.space:
            shared = shared or net.prefix(x, None, BATCH)
            prefix = shared
        else:
            prefix = net.prefix(x, path, BATCH)
        logits.append(net.suffix(prefix.features, prefix.attention, path, BATCH).float())
    return torch.stack(logits)


class Sandwich(nn.Module):
    """`sandwich_logits` as a module, for DistributedDataParallel wants one forward for each backward."""

    def __init__(self, net: SlimmableNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, paths: Sequence[Path]) -> Tensor:
        return sandwich_logits(self.net, x, paths)
