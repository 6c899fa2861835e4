"""Stage II: only the gate learns, and it learns to tell easy from dependent images."""

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from dsnet_edge.arch import Arch, Attention, Block, Gate, preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.gate import gate_space, outcomes_of_paths, train_gate, with_gate
from dsnet_edge.train.recipe import GateRecipe
from dsnet_edge.train.report import Reporter

ARCH = Arch(
    "two",
    8,
    2,
    (
        Block("conv", (4, 4, 4), activation="relu"),
        Block("separable", (4, 8, 12), activation="relu", attention=Attention(6)),
    ),
    (Gate(block=1, n_choices=3, bias=True),),
)
RECIPE = GateRecipe(epochs=8, batch=32, learning_rate=0.2, lambda_cplx=0.1)
QUIET = Reporter(enabled=False)


class Images:
    """Noise whose brightness tells which class it is."""

    def __init__(self, n: int = 256) -> None:
        generator = torch.Generator().manual_seed(0)
        self.labels = torch.arange(n) % 2
        noise = torch.randn(n, 3, 8, 8, generator=generator) * 0.3
        self.images = noise + (2.0 * self.labels - 1)[:, None, None, None]
        self.passes = 0

    def __len__(self) -> int:
        return len(self.labels)

    def train_batches(self, batch: int, seed: tuple[int, int], group: Group) -> Iterator[tuple[Tensor, Tensor]]:
        self.passes += 1
        yield from zip(self.images.split(batch), self.labels.split(batch), strict=True)


def biased_net() -> SlimmableNet:
    """The slimmest path always says 0, the widest is always right: bright images depend on it, dark ones are easy."""
    torch.manual_seed(0)
    net = SlimmableNet(ARCH)
    with torch.no_grad():
        for parameter in (net.classifier.weight, net.classifier.bias):
            parameter.zero_()
        net.classifier.bias[0] = 1.0
        net.blocks[0].conv.weight[0] = 1 / 27  # channel 0 sees the mean brightness
        net.blocks[1].depthwise.weight[0] = 1 / 9
        net.blocks[1].pointwise.weight[8:] = 0
        net.blocks[1].pointwise.weight[8:, 0] = 1.0
        net.classifier.weight[1, 8:] = 5.0
    return net


@pytest.mark.parametrize(("name", "found"), [("dsresnet50-32", "4 gates"), ("usmbnet", "no gates")])
def test_networks_of_several_gates_or_none_are_refused(name: str, found: str) -> None:
    with pytest.raises(DsnetError, match=f"{name} has {found}, and Stage II trains a network of one"):
        gate_space(preset(name), RECIPE)


def test_the_gate_learns_which_images_need_the_widest_path() -> None:
    net, split = biased_net(), Images()
    outcomes = outcomes_of_paths(net, split.images, split.labels, ARCH.space, with_gradient=False)
    correct = outcomes.path_logits.argmax(2) == split.labels
    assert torch.equal(correct[0], split.labels == 0) and correct[2].all()
    train_gate(net, split, RECIPE, 0, QUIET)
    _, choices = net.dynamic(split.images)
    assert torch.equal(choices, split.labels * 2)


@pytest.mark.parametrize(
    ("trainable", "views", "passes", "moved"),
    [
        ("w2", 2, 2, {"gate.weight", "gate.bias"}),
        ("w2", 0, 8, {"gate.weight", "gate.bias"}),
        ("w1w2", 2, 8, {"gate.weight", "gate.bias", "blocks.1.attention.reduce.weight", "blocks.1.attention.reduce.bias"}),
    ],
)
def test_what_trains_and_how_often_the_network_runs(trainable: str, views: int, passes: int, moved: set[str]) -> None:
    net, split = biased_net(), Images(64)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    train_gate(net, split, dataclasses.replace(RECIPE, trainable=trainable, views=views), 0, QUIET)
    assert {name for name, tensor in net.state_dict().items() if not torch.equal(tensor, before[name])} == moved
    assert split.passes == passes
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_kept_and_recomputed_passes_train_the_same_gate() -> None:
    kept, recomputed = biased_net(), biased_net()
    train_gate(kept, Images(64), dataclasses.replace(RECIPE, views=1), 0, QUIET)
    train_gate(recomputed, Images(64), dataclasses.replace(RECIPE, views=0), 0, QUIET)
    assert torch.allclose(kept.gate.weight, recomputed.gate.weight, atol=1e-6)


def test_a_restricted_gate_never_chooses_outside() -> None:
    net, split = biased_net(), Images()
    recipe = dataclasses.replace(RECIPE, low=0, high=2, lambda_cplx=0.0)
    assert [path.choices for path in gate_space(net.arch, recipe).paths()] == [(0,), (1,)]
    with torch.no_grad():
        net.gate.weight[2] = 10.0
    assert (net.dynamic(split.images)[1] == 2).all()
    train_gate(net, split, recipe, 0, QUIET)
    anything = torch.rand(1000, 6, generator=torch.Generator().manual_seed(1)) * torch.tensor([1e-3, 1, 10]).repeat(2)
    assert (net.gate(anything).argmax(1) < 2).all()
    assert (net.dynamic(split.images)[1] < 2).all()


@pytest.mark.parametrize(("design", "w1"), [("one_hot", "separate"), ("scalar", "shared"), ("scalar", "separate")])
def test_the_recipe_chooses_the_gate_of_a_supernet(design: str, w1: str) -> None:
    """Table 7's designs learn what the one of the paper does, and leave the supernet as it was."""
    supernet, split = biased_net(), Images()
    before = {name: tensor.clone() for name, tensor in supernet.state_dict().items()}
    recipe = dataclasses.replace(RECIPE, epochs=40, design=design, w1=w1)
    net = with_gate(supernet, recipe, 0)
    assert (net.arch.gate.design, net.arch.gate.w1) == (design, w1)
    train_gate(net, split, recipe, 0, QUIET)
    after = net.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items() if not name.startswith("gate."))
    assert ("gate.reduce.weight" in after) == (w1 == "separate")
    assert torch.equal(net.dynamic(split.images)[1], split.labels * 2)


def test_a_gate_is_kept_or_forgotten_as_the_recipe_says() -> None:
    net = biased_net()
    assert with_gate(net, RECIPE, 0) is net
    fresh = with_gate(net, dataclasses.replace(RECIPE, start="fresh"), 1)
    assert not torch.equal(fresh.gate.weight, net.gate.weight)
    assert torch.equal(fresh.classifier.weight, net.classifier.weight)


def test_a_scalar_gate_cannot_be_restricted() -> None:
    scalar = SlimmableNet(dataclasses.replace(ARCH, gates=(dataclasses.replace(ARCH.gate, design="scalar"),)))
    with pytest.raises(DsnetError, match="cannot be restricted"):
        train_gate(scalar, Images(64), dataclasses.replace(RECIPE, high=2), 0, QUIET)


def test_too_few_images_are_named() -> None:
    with pytest.raises(DsnetError, match=r"16 training images do not fill a batch of 32; make gate\.batch smaller"):
        train_gate(biased_net(), Images(16), RECIPE, 0, QUIET)
