"""SGD as the recipes describe it: which parameters decay, and how the learning rate moves."""

from __future__ import annotations

import math

import torch
from torch import nn

from dsnet_edge.train.recipe import Optimizer


def make_sgd(net: nn.Module, recipe: Optimizer) -> torch.optim.SGD:
    """Nesterov SGD over the trainable parameters; weight decay on matrices and filters, not on norms and biases."""
    trainable = [parameter for parameter in net.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0, foreach=True)


def learning_rate(recipe: Optimizer, epoch: float, epochs: int) -> float:
    """At a fractional epoch: linear warm-up from a tenth, then a cosine to `final_fraction` at `epochs`."""
    if epoch < recipe.warmup_epochs:
        return recipe.learning_rate * (0.1 + 0.9 * epoch / recipe.warmup_epochs)
    progress = (epoch - recipe.warmup_epochs) / max(epochs - recipe.warmup_epochs, 1e-9)
    low = recipe.final_fraction
    return recipe.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
