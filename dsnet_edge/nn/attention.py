"""Channel attention, whose hidden vector the slimming head of the gate reads too."""

from __future__ import annotations

from torch import Tensor, nn

from dsnet_edge.arch import Attention
from dsnet_edge.nn.layers import Linear, activate


class ChannelAttention(nn.Module):
    """`scale = activation(W3 hidden)` with `hidden = relu(W1 pool(x))` (paper, eq. 8 and 9), or another activation than ReLU.

    W1 is sliced on its input side, W3 on its output side; the hidden width is never slimmed.
    """

    def __init__(self, c_max: int, attention: Attention) -> None:
        super().__init__()
        self.activation, self.hidden_activation, self.where = attention.activation, attention.hidden_activation, attention.where
        self.reduce = Linear(c_max, attention.hidden)
        self.expand = Linear(attention.hidden, c_max)
        if attention.activation == "one_plus_tanh":
            nn.init.zeros_(self.expand.weight)  # starts as the identity (paper, section 4.1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """For `x` `[N, C, H, W]`: the hidden vector `[N, hidden]` and the scale of each channel `[N, C]`."""
        hidden = activate(self.reduce(x.mean((2, 3))), self.hidden_activation)
        return hidden, activate(self.expand(hidden, x.shape[1]), self.activation)
