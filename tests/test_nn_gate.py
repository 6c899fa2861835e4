"""The slimming head and its relaxation."""

import numpy as np
import pytest
import torch

from dsnet_edge.arch import Gate
from dsnet_edge.nn import gumbel_one_hot
from dsnet_edge.nn.gate import SlimmingHead


@pytest.mark.parametrize("bias", [False, True])
def test_one_hot_scores_are_linear_in_the_hidden_vector(bias: bool) -> None:
    head = SlimmingHead(Gate(block=1, n_choices=5, bias=bias), hidden=7, c_max=3)
    hidden = torch.randn(3, 7)
    expected = hidden.numpy() @ head.weight.detach().numpy().T + (head.bias.detach().numpy() if bias else 0)
    np.testing.assert_allclose(head(hidden).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_a_scalar_gate_picks_the_nearest_centre() -> None:
    head = SlimmingHead(Gate(block=1, n_choices=6, design="scalar"), hidden=1, c_max=3)
    with torch.no_grad():
        head.weight.fill_(1.0)
    ratios = np.linspace(0.01, 0.99, 197)
    hidden = torch.tensor(np.log(ratios / (1 - ratios)), dtype=torch.float32)[:, None]  # sigmoid's inverse
    centres = (np.arange(6) + 0.5) / 6
    assert head(hidden).argmax(1).tolist() == np.abs(ratios[:, None] - centres).argmin(1).tolist()


def test_gumbel_draws_are_one_hot_and_follow_the_softmax() -> None:
    scores = torch.tensor([0.0, 1.0, -1.0, 0.5])
    draws = gumbel_one_hot(scores.expand(40_000, 4), 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(draws.round().sum(1), torch.ones(40_000))
    assert torch.allclose(draws, draws.round(), atol=1e-6)
    assert torch.allclose(draws.mean(0), torch.softmax(scores, 0), atol=0.01)


def test_gumbel_gradient_is_that_of_the_relaxed_draw() -> None:
    scores = torch.randn(6, 4, requires_grad=True)
    weights = torch.randn(6, 4)
    (gumbel_one_hot(scores, 0.7, torch.Generator().manual_seed(5)) * weights).sum().backward()
    noise = -torch.empty(6, 4).exponential_(generator=torch.Generator().manual_seed(5)).log()
    relaxed = torch.softmax((scores.detach() + noise) / 0.7, 1)
    expected = relaxed * (weights - (relaxed * weights).sum(1, keepdim=True)) / 0.7
    assert torch.allclose(scores.grad, expected, atol=1e-6)
