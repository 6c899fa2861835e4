"""The Plan of a network computes what the network does."""

import dataclasses

import numpy as np
import pytest
import torch
from test_nn_network import TWINS, images, random_net
from tiny import tiny_inverted_arch

from dsnet_edge.arch import Arch, preset
from dsnet_edge.plan import InputSpec, Plan
from dsnet_edge.plan.oracle import infer, infer_dynamic

SCALAR = dataclasses.replace(TWINS, gate=dataclasses.replace(TWINS.gate, design="scalar"))


def plan_of(net: torch.nn.Module, arch: Arch) -> Plan:
    spec = InputSpec(arch.image_size, arch.image_size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), arch.image_size)
    return Plan.from_model(net, spec, tuple(map(str, range(arch.n_classes))))


@pytest.mark.parametrize(
    "arch", [preset("dsmbnet14-32"), preset("dsmbnet18-32"), TWINS, SCALAR, tiny_inverted_arch()], ids=lambda arch: arch.name
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
                np.testing.assert_allclose(scores, net.prefix(x).scores.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("arch", [TWINS, SCALAR], ids=["one_hot", "scalar"])
def test_oracle_and_network_route_alike(arch: Arch) -> None:
    net, x = random_net(arch), images(arch, 16)
    with torch.no_grad():
        logits, choices = net.dynamic(x)
    found, chosen = infer_dynamic(plan_of(net, arch).routable(), x.permute(0, 2, 3, 1).numpy())
    assert chosen.tolist() == choices.tolist()
    np.testing.assert_allclose(found, logits.numpy(), rtol=1e-3, atol=1e-4)
