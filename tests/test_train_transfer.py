"""Transfer: what a supernet trained on other classes brings along, and what begins anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from test_nn_network import images, random_net

from dsnet_edge.arch import Arch, Path, preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, write_checkpoint
from dsnet_edge.train.pretrained import Pretrained


def trained_elsewhere(file: FilePath, arch: Arch, seed: int = 3) -> FilePath:
    """A checkpoint of seven classes."""
    arch = replace(arch, n_classes=7)
    tensors = {name: tensor.numpy() for name, tensor in random_net(arch, seed).state_dict().items()}
    spec = InputSpec(arch.image_size, arch.image_size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), arch.image_size)
    write_checkpoint(Checkpoint(arch, spec, tuple("abcdefg"), tensors), file)
    return file


def test_all_but_the_classifier_is_given(tmp_path: FilePath) -> None:
    arch = preset("dsmbnet14-32")
    source = Pretrained.read(trained_elsewhere(tmp_path / "other.safetensors", arch), "dsmbnet14-32")
    net = SlimmableNet(arch)
    fresh = net.classifier.weight.detach().clone()
    source.give(net)
    assert torch.equal(net.classifier.weight, fresh) and net.classifier.weight.shape == (
        10,
        source.checkpoint.arch.blocks[-1].widths[-1],
    )
    for name, tensor in net.state_dict().items():
        if not name.startswith("classifier."):
            np.testing.assert_array_equal(tensor.numpy(), source.checkpoint.tensors[name])
    other, x = random_net(replace(arch, n_classes=7), 3), images(arch, 4)
    with torch.no_grad():  # the same features, and the same choices
        assert torch.equal(net.prefix(x).scores, other.prefix(x).scores)
        path = Path((5,))
        assert net(x, path).shape == (4, 10) and other(x, path).shape == (4, 7)


def test_a_gate_of_another_design_stays_behind(tmp_path: FilePath) -> None:
    arch = preset("dsmbnet14-32")
    scalar = replace(arch, gates=(replace(arch.gate, design="scalar"),))
    source = Pretrained.read(trained_elsewhere(tmp_path / "other.safetensors", scalar), "dsmbnet14-32")
    net = SlimmableNet(arch)
    before = net.heads[0].weight.detach().clone()
    source.give(net)
    assert torch.equal(net.heads[0].weight, before)
    np.testing.assert_array_equal(net.blocks[0].conv.weight.detach().numpy(), source.checkpoint.tensors["blocks.0.conv.weight"])


def test_another_network_is_refused_by_name(tmp_path: FilePath) -> None:
    file = trained_elsewhere(tmp_path / "other.safetensors", preset("dsmbnet18-32"))
    with pytest.raises(DsnetError, match=r"other\.safetensors: it is a network of dsmbnet18-32 unlike the recipe's dsmbnet14-32"):
        Pretrained.read(file, "dsmbnet14-32")
