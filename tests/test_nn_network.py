"""The sliced network against plain static ones, and its contract as a pure function."""

import dataclasses

import pytest
import torch
from static_subnet import StaticSubnet
from tiny import tiny_bottleneck_arch, tiny_inverted_arch

from dsnet_edge.arch import Arch, Attention, Block, Gate, Path, preset
from dsnet_edge.nn import BANK, BATCH, SlimmableNet, Statistics
from dsnet_edge.plan.parameters import parameter_shapes

# Two choices share every width up to the second dynamic block, so rows of the statistics bank are shared in the suffix too.
TWINS = Arch(
    "twins",
    16,
    5,
    (
        Block("conv", (4, 4, 4, 6), 2, activation="relu"),
        Block("separable", (8, 8, 16, 16), activation="relu", attention=Attention(3)),
        Block("separable", (8, 12, 16, 16), 2, kernel=5, attention=Attention(2, "sigmoid", "middle")),
    ),
    (Gate(block=1, n_choices=3, bias=True),),
)
ARCHS = {
    "dsmbnet14-32": preset("dsmbnet14-32"),
    "dsmbnet18-32": preset("dsmbnet18-32"),
    "twins": TWINS,
    "inverted": tiny_inverted_arch(),
    "two gates": tiny_bottleneck_arch(),
    "no gate": tiny_bottleneck_arch(gates=False),
}


def random_net(arch: Arch, seed: int = 0) -> SlimmableNet:
    """Every parameter and statistic away from its starting value."""
    torch.manual_seed(seed)
    net = SlimmableNet(arch)
    for name, tensor in net.state_dict().items():
        if "norm" in name or "attention" in name:
            tensor.copy_(torch.rand_like(tensor) + 0.5 if name.endswith("var") else torch.randn_like(tensor) * 0.3 + 0.1)
    return net


def images(arch: Arch, n: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(n, 3, arch.image_size, arch.image_size, generator=torch.Generator().manual_seed(seed))


def assert_close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("name", ARCHS)
def test_every_path_equals_a_static_network(name: str) -> None:
    arch = ARCHS[name]
    net, x = random_net(arch), images(arch, 4)
    state = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    with torch.no_grad():
        for path in arch.paths:
            static = StaticSubnet(arch, state, path)
            assert_close(net(x, path, BANK), static.eval()(x))
            assert_close(net(x, path, BATCH), static.train()(x))


@pytest.mark.parametrize("name", ["dsmbnet14", "dsmbnet14-64", "dsmbnet18", "dsmbnet18-32", "dseffnet-b0", "dseffnet-b0-edge"])
def test_names_and_shapes_are_the_checkpoint_format(name: str) -> None:
    arch = preset(name)
    with torch.device("meta"):
        state = SlimmableNet(arch).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in state.items()} == parameter_shapes(arch)


def test_the_released_network_has_the_published_parameter_count() -> None:
    arch = preset("dsmbnet14")
    with torch.device("meta"):
        net = SlimmableNet(arch)
    count = sum(parameter.numel() for parameter in net.parameters())
    head = net.gate.weight.numel()
    assert net.gate.weight.shape == (14, 66)
    assert round((count - head + 4 * 66) / 1e6, 3) == 7.676  # the authors' gate has 4 outputs


def test_a_scalar_gate_has_one_output() -> None:
    arch = preset("dsmbnet18-32")
    scalar = dataclasses.replace(arch, gates=(dataclasses.replace(arch.gate, design="scalar"),))
    net = random_net(scalar)
    assert net.gate.weight.shape == (1, 16) and parameter_shapes(scalar)["gate.weight"] == (1, 16)
    assert net.prefix(images(arch, 2)).scores.shape == (2, 18)


def test_forward_changes_nothing_and_forgets_everything() -> None:
    net, x = random_net(TWINS), images(TWINS, 3)
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    first = net(x, Path((0,)))
    net(x, Path((3,)), BATCH)
    net.dynamic(x)
    assert torch.equal(net(x, Path((0,))), first)
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())


def test_recalibration_writes_the_rows_of_its_path_only() -> None:
    net, x = random_net(TWINS), images(TWINS, 8)
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    net(x, Path((1,)), Statistics(from_batch=True, momentum=1.0))
    changed = {key for key, tensor in net.state_dict().items() if not torch.equal(tensor, before[key])}
    assert changed == {key for key in before if key.endswith((".mean", ".var"))}
    bank, old = net.state_dict()["blocks.2.pointwise.norm.mean"], before["blocks.2.pointwise.norm.mean"]
    row = TWINS.rows(2)[1]
    assert torch.equal(bank[[r for r in range(len(bank)) if r != row]], old[[r for r in range(len(old)) if r != row]])
    assert torch.equal(bank[row, 12:], old[row, 12:]) and not torch.equal(bank[row, :12], old[row, :12])


@pytest.mark.parametrize("name", ARCHS)
def test_the_prefix_is_the_same_for_every_routable_path(name: str) -> None:
    arch = ARCHS[name]
    net, x = random_net(arch), images(arch, 2)
    prefix = net.prefix(x)
    for path in arch.space.paths():
        assert torch.equal(net.suffix(prefix.features, prefix.attention, path), net(x, path))
        assert torch.equal(net.prefix(x, path).scores, prefix.scores)


@pytest.mark.parametrize("name", [name for name, arch in ARCHS.items() if len(arch.gates) == 1])
def test_a_mixed_batch_is_routed_sample_by_sample(name: str) -> None:
    arch = ARCHS[name]
    net, x = random_net(arch), images(arch, 24) * torch.linspace(0.1, 4, 24)[:, None, None, None]
    with torch.no_grad():
        for path in arch.paths:
            net(x, path, Statistics(from_batch=True, momentum=1.0))
        wanted = torch.eye(arch.gate.n_choices)[torch.arange(24) // 8]  # a gate that tells these images apart
        net.gate.weight.copy_((torch.linalg.pinv(net.prefix(x).gate_input) @ wanted).T)
        logits, choices = net.dynamic(x)
        assert len(choices.unique()) > 1
        assert torch.equal(choices, net.prefix(x).scores.argmax(1))
        for sample, choice in enumerate(choices.tolist()):
            assert_close(logits[sample], net(x[sample : sample + 1], Path((choice,)))[0])
        again, same = net.dynamic(x)
    assert torch.equal(again, logits) and torch.equal(same, choices)


def test_routing_can_be_restricted() -> None:
    net, x = random_net(TWINS), images(TWINS, 16)
    choices = net.dynamic(x, TWINS.space.restrict(1, 3))[1]
    assert torch.equal(choices, net.prefix(x).scores[:, 1:3].argmax(1) + 1)


def test_one_plus_tanh_attention_starts_as_the_identity() -> None:
    net = SlimmableNet(preset("dsmbnet18-32"))
    assert torch.equal(net.prefix(images(net.arch, 2)).attention, torch.ones(2, 64))


def test_gradients_reach_only_the_slices_in_use() -> None:
    net = random_net(TWINS)
    net(images(TWINS, 4), Path((0,)), BATCH).sum().backward()
    weight = net.blocks[2].pointwise.weight.grad
    assert weight[:8, :8].abs().min() > 0 and weight[8:].abs().max() == 0 and weight[:, 8:].abs().max() == 0
