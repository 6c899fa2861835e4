"""The slimming head of the double-headed gate (paper, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dsnet_edge.arch import Gate
from dsnet_edge.nn.layers import Linear


class SlimmingHead(Linear):
    """Scores of the routable choices from the hidden vector of the attention it shares W1 with (eq. 8), or, with a W1 of its own
    (`reduce`), from the pooled features that the attention's W1 reads, too.

    The `one_hot` design has a row of W2 for each choice. The `scalar` one (the ablation of table 7) has a single output `s` in
    (0, 1); its score for choice p is `2 s c - c^2` with `c = (p + 0.5) / n_choices`, so that the best score is that of the centre
    `c` nearest to `s`.
    """

    def __init__(self, gate: Gate, hidden: int, c_max: int) -> None:
        n_out = gate.n_choices if gate.design == "one_hot" else 1
        super().__init__(hidden, n_out, gate.bias)
        self.n_choices, self.design = gate.n_choices, gate.design
        self.reduce = Linear(c_max, hidden) if gate.w1 == "separate" else None

    def forward(self, x: Tensor, n_out: int | None = None) -> Tensor:
        """Hidden vectors `[N, hidden]`, or with a W1 of its own pooled features `[N, C]`, to scores `[N, n_choices]`."""
        hidden = x if self.reduce is None else torch.relu(self.reduce(x))
        scores = super().forward(hidden, n_out)
        if self.design == "one_hot":
            return scores
        s = torch.sigmoid(scores)
        centres = (torch.arange(self.n_choices, device=s.device, dtype=s.dtype) + 0.5) / self.n_choices
        return 2 * s * centres - centres**2


def gumbel_one_hot(scores: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
    """A one-hot draw from softmax(scores) whose gradient is that of the relaxed draw (straight-through Gumbel-softmax)."""
    noise = -torch.empty_like(scores).exponential_(generator=generator).log()
    soft = torch.softmax((scores + noise) / temperature, dim=1)
    hard = functional.one_hot(soft.argmax(1), scores.shape[1]).to(soft.dtype)
    return hard + soft - soft.detach()
