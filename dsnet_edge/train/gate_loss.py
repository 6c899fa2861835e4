"""Stage II losses: sandwich gate sparsification (paper, section 3.4)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from dsnet_edge.nn import gumbel_one_hot
from dsnet_edge.train.recipe import GateRecipe

Strategy = Literal["try_best", "give_up"]


def sgs_targets(slimmest_correct: Tensor, widest_correct: Tensor, n_choices: int, strategy: Strategy) -> Tensor:
    """The choice each sample should make, `[N]`, found online from what the two outermost paths predict.

    Easy (slimmest correct) takes the slimmest. Dependent (only the widest correct) takes the widest. Hard (neither correct) takes
    the widest in `try_best` and the slimmest in `give_up`.
    """
    wide = ~slimmest_correct if strategy == "try_best" else ~slimmest_correct & widest_correct
    return torch.where(wide, n_choices - 1, 0)


def sgs_loss(scores: Tensor, targets: Tensor, balance: float) -> Tensor:
    """Cross-entropy of the un-noised scores `[N, P]` and the targets `[N]` (eq. 10), with more weight on the rarer target.

    A sample weighs `share^-balance`, where `share` is how much of the batch has its target. At 0, the paper's loss, a gate with
    weak evidence sends everything the way most samples should go; at 1 it decides as if both ways were equally frequent.
    """
    counts = torch.bincount(targets, minlength=scores.shape[1])
    weights = (len(targets) / counts[targets]) ** balance
    return (weights * functional.cross_entropy(scores, targets, reduction="none")).sum() / weights.sum()


def complexity_loss(gates: Tensor, costs: Tensor, total: float) -> Tensor:
    """`(C / T)^2` (eq. 11, where the costs are MAdds): C is the batch's mean over its choices `gates` `[N, P]` of `costs` `[P]`,
    T is `total`."""
    return ((gates @ costs).mean() / total) ** 2


def gate_loss(
    scores: Tensor,
    path_logits: Tensor,
    labels: Tensor,
    costs: Tensor,
    *,
    total: float,
    recipe: GateRecipe,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """The three parts of eq. 12 and their weighted `loss`.

    `scores` `[N, P]` and `path_logits` `[P, N, classes]` are of the P choices the gate may take, slimmest first. The choice is
    drawn by straight-through Gumbel-softmax; the logits are those of the drawn path, and the gradient reaches every score through
    the logits of its path. The scores enter L_SGS without the noise.
    """
    gates = gumbel_one_hot(scores, recipe.temperature, generator)
    chosen = torch.einsum("np,pnc->nc", gates, path_logits)
    slimmest, widest = (path_logits[p].argmax(1) == labels for p in (0, -1))
    targets = sgs_targets(slimmest, widest, scores.shape[1], recipe.strategy)
    parts = {
        "cls": functional.cross_entropy(chosen, labels),
        "cplx": complexity_loss(gates, costs, total),
        "sgs": sgs_loss(scores, targets, recipe.sgs_balance),
    }
    loss = recipe.lambda_cls * parts["cls"] + recipe.lambda_cplx * parts["cplx"] + recipe.lambda_sgs * parts["sgs"]
    return parts | {"loss": loss}
