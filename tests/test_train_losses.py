"""Stage I and Stage II losses against NumPy, by hand."""

import dataclasses

import numpy as np
import pytest
import torch

from dsnet_edge.train.gate_loss import complexity_loss, gate_loss, sgs_loss, sgs_targets
from dsnet_edge.train.losses import sandwich_loss
from dsnet_edge.train.recipe import GateRecipe

GENERATOR = np.random.default_rng(0)
ONLINE = GENERATOR.normal(size=(4, 5, 3)) * 2  # teacher, two random paths, slimmest; 5 samples, 3 classes
TARGET = GENERATOR.normal(size=(3, 5, 3)) * 2  # teacher and the same two random paths
LABELS = np.array([0, 2, 1, 1, 0])


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(logits: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-(probabilities * np.log(softmax(logits))).sum(-1).mean())


@pytest.mark.parametrize("temperature", [1.0, 4.0])
@pytest.mark.parametrize("scheme", ["in_place", "ema", "ensemble"])
def test_sandwich_loss(scheme: str, temperature: float) -> None:
    online, target = ONLINE / temperature, softmax(TARGET / temperature)
    teacher = softmax(online[0]) if scheme == "in_place" else target[0]
    slimmest = target.mean(0) if scheme == "ensemble" else teacher
    expected = np.mean(
        [
            cross_entropy(ONLINE[0], np.eye(3)[LABELS]),
            cross_entropy(online[1], teacher),
            cross_entropy(online[2], teacher),
            cross_entropy(online[3], slimmest),
        ]
    )
    given = None if scheme == "in_place" else torch.tensor(TARGET)
    found = sandwich_loss(torch.tensor(ONLINE), given, torch.tensor(LABELS), scheme=scheme, temperature=temperature)
    assert found.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scheme", ["in_place", "ema", "ensemble"])
def test_no_gradient_flows_into_the_targets(scheme: str) -> None:
    online, target = torch.tensor(ONLINE, requires_grad=True), torch.tensor(TARGET, requires_grad=True)
    sandwich_loss(online, None if scheme == "in_place" else target, torch.tensor(LABELS), scheme=scheme).backward()
    assert target.grad is None
    expected = (softmax(ONLINE[0]) - np.eye(3)[LABELS]) / 5 / 4  # the teacher learns from the labels alone
    np.testing.assert_allclose(online.grad[0].numpy(), expected, atol=1e-12)


def test_sparsification_targets() -> None:
    # easy, easy (only the slimmest right), dependent, hard
    slimmest, widest = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    assert sgs_targets(slimmest, widest, 7, "try_best").tolist() == [0, 0, 6, 6]
    assert sgs_targets(slimmest, widest, 7, "give_up").tolist() == [0, 0, 6, 0]


def test_balance_weighs_the_rare_target_as_much_as_the_common_one() -> None:
    scores, targets = np.random.default_rng(2).normal(size=(6, 3)), np.array([0, 0, 0, 2, 0, 0])
    each = -np.log(softmax(scores)[np.arange(6), targets])
    common, rare = each[targets == 0].mean(), each[targets == 2].mean()
    found = [sgs_loss(torch.tensor(scores), torch.tensor(targets), balance).item() for balance in (0.0, 0.5, 1.0)]
    half = np.sqrt([6 / 5, 6 / 1])
    expected = [each.mean(), (5 * half[0] * common + half[1] * rare) / (5 * half[0] + half[1]), (common + rare) / 2]
    assert found == pytest.approx(expected)


def test_complexity_loss() -> None:
    gates = torch.eye(3)[torch.tensor([0, 0, 2, 1])]
    assert complexity_loss(gates, torch.tensor([10.0, 20.0, 40.0]), 50.0).item() == pytest.approx((20 / 50) ** 2)


def test_gate_loss_is_equation_12() -> None:
    recipe = GateRecipe(epochs=1, batch=6, lambda_cls=0.7, lambda_cplx=0.4, lambda_sgs=1.3, strategy="give_up")
    generator = np.random.default_rng(1)
    scores, logits = generator.normal(size=(6, 3)) * 2, generator.normal(size=(3, 6, 4))
    labels, madds = generator.integers(0, 4, 6), np.array([1.0, 3.0, 5.0])
    arguments = [torch.tensor(value) for value in (scores, logits, labels, madds)]
    parts = gate_loss(*arguments, total=6.0, recipe=recipe, generator=torch.Generator().manual_seed(2))

    noise = -np.log(torch.empty(6, 3, dtype=torch.float64).exponential_(generator=torch.Generator().manual_seed(2)).numpy())
    chosen = (scores + noise).argmax(1)
    correct = logits.argmax(2) == labels
    dependent = ~correct[0] & correct[-1]
    expected = {
        "cls": cross_entropy(logits[chosen, np.arange(6)], np.eye(4)[labels]),
        "cplx": (madds[chosen].mean() / 6) ** 2,
        "sgs": cross_entropy(scores, np.eye(3)[np.where(dependent, 2, 0)]),  # no noise here
    }
    expected["loss"] = 0.7 * expected["cls"] + 0.4 * expected["cplx"] + 1.3 * expected["sgs"]
    assert {name: value.item() for name, value in parts.items()} == pytest.approx(expected)


def test_the_gradient_of_the_class_loss_prefers_the_better_path() -> None:
    recipe = dataclasses.replace(GateRecipe(epochs=1, batch=1), lambda_cplx=0.0, lambda_sgs=0.0)
    scores = torch.zeros(64, 2, requires_grad=True)
    logits = torch.tensor([[0.0, 2.0], [2.0, 0.0]])[:, None].expand(2, 64, 2)  # the second path is right about class 0
    labels, madds = torch.zeros(64, dtype=torch.long), torch.tensor([1.0, 2.0])
    parts = gate_loss(scores, logits, labels, madds, total=2.0, recipe=recipe, generator=torch.Generator().manual_seed(0))
    parts["loss"].backward()
    assert (scores.grad[:, 1] < 0).all() and (scores.grad[:, 0] > 0).all()
