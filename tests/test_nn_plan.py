"""The Plan of a network computes what the network does."""

import dataclasses

import numpy as np
import pytest
import torch
from test_nn_network import TWINS, images, random_net
from tiny import tiny_bottleneck_arch, tiny_inverted_arch

from dsnet_edge.arch import Arch, Path, preset
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan import InputSpec, Plan
from dsnet_edge.plan.oracle import infer, infer_dynamic

GATES, NO_GATE = tiny_bottleneck_arch(), tiny_bottleneck_arch(gates=False)
SCALAR = dataclasses.replace(TWINS, gates=(dataclasses.replace(TWINS.gate, design="scalar"),))


def plan_of(net: torch.nn.Module, arch: Arch) -> Plan:
    spec = InputSpec(arch.image_size, arch.image_size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), arch.image_size)
    return Plan.from_model(net, spec, tuple(map(str, range(arch.n_classes))))


def scores_of(net: SlimmableNet, x: torch.Tensor, path: Path) -> np.ndarray:
    """Of every gate, one after the other, on a path."""
    cut = net.prefix(x)
    scores = [cut.scores]
    for gate in range(len(net.arch.gates) - 1):
        cut = net.segment(cut.features, cut.attention, gate, path)
        scores.append(cut.scores)
    return torch.cat(scores, 1).numpy()


@pytest.mark.parametrize(
    "arch",
    [preset("dsmbnet14-32"), preset("dsmbnet18-32"), TWINS, SCALAR, tiny_inverted_arch(), GATES, NO_GATE],
    ids=["14", "18", "twins", "scalar", "inverted", "gates", "no gate"],
)
def test_oracle_and_network_agree_on_every_path(arch: Arch) -> None:
    net, x = random_net(arch), images(arch, 2)
    plan = plan_of(net, arch)
    with torch.no_grad():
        for path in arch.paths:
            logits, scores = infer(plan, x.permute(0, 2, 3, 1).numpy(), path)
            expected = net(x, path).numpy()
            assert np.abs(logits - expected).max() <= 1e-4 * np.abs(expected).max()
            if path in arch.space:
                np.testing.assert_allclose(scores, scores_of(net, x, path), rtol=1e-3, atol=1e-4)


def balance(net: SlimmableNet, x: torch.Tensor) -> None:
    """Makes every gate choose by what differs between these images."""
    cut = net.prefix(x)
    for gate, head in enumerate(net.heads):
        if gate:
            cut = net.segment(cut.features, cut.attention, gate - 1, net.arch.space.widest)
        mean = cut.gate_input.mean(0)
        head.weight -= torch.outer(head.weight @ mean, mean) / (mean @ mean)


@pytest.mark.parametrize("arch", [TWINS, SCALAR, GATES], ids=["one_hot", "scalar", "two gates"])
def test_oracle_and_network_route_alike(arch: Arch) -> None:
    net, x = random_net(arch), images(arch, 16)
    with torch.no_grad():
        if arch == GATES:
            balance(net, x)
        logits, choices = net.dynamic(x)
    found, chosen = infer_dynamic(plan_of(net, arch).routable(), x.permute(0, 2, 3, 1).numpy())
    paths = [Path(tuple(row)) for row in choices.reshape(len(x), -1).tolist()]
    assert [arch.paths[column] for column in chosen] == paths and (arch != GATES or len(set(paths)) > 2)
    np.testing.assert_allclose(found, logits.numpy(), rtol=1e-3, atol=1e-4)
