"""Stage I losses: the sandwich rule with in-place ensemble bootstrapping (paper, section 3.2)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Scheme = Literal["ensemble", "ema", "in_place"]


def soft_cross_entropy(logits: Tensor, probabilities: Tensor, temperature: float = 1.0) -> Tensor:
    """Mean over the batch of `-sum(p log softmax(logits / temperature))`. The paper has no factor temperature^2."""
    return -(probabilities * functional.log_softmax(logits / temperature, dim=1)).sum(1).mean()


def bootstrap_targets(scheme: Scheme, teacher: Tensor, target: Tensor | None, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """What the random paths and what the slimmest path should predict, as probabilities `[N, classes]`.

    `teacher` holds the online network's logits `[N, classes]` on the teacher path, `target` the EMA network's
    `[1 + n, N, classes]` on the teacher path and the same n random paths. `in_place`: both follow the online teacher.
    `ema`: both follow the EMA teacher (eq. 4). `ensemble`: the slimmest follows the mean probability of all of `target` (eq. 5).
    """
    if scheme == "in_place" or target is None:
        probabilities = torch.softmax(teacher.detach() / temperature, dim=1)
        return probabilities, probabilities
    probabilities = torch.softmax(target.detach() / temperature, dim=2)
    return probabilities[0], probabilities.mean(0) if scheme == "ensemble" else probabilities[0]


def sandwich_loss(
    logits: Tensor,
    target: Tensor | None,
    labels: Tensor,
    *,
    scheme: Scheme = "ensemble",
    temperature: float = 1.0,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Mean loss of the paths: teacher, n random, slimmest, as `sandwich_logits` orders `logits` `[n + 2, N, classes]`.

    The mean instead of the paper's sum keeps one learning rate good for every n.
    """
    for_random, for_slimmest = bootstrap_targets(scheme, logits[0], target, temperature)
    losses = [functional.cross_entropy(logits[0], labels, label_smoothing=label_smoothing)]
    losses += [soft_cross_entropy(random, for_random, temperature) for random in logits[1:-1]]
    losses.append(soft_cross_entropy(logits[-1], for_slimmest, temperature))
    return torch.stack(losses).mean()
