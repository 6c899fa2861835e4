"""Between the network in torch and the checkpoint in NumPy."""

from __future__ import annotations

from typing import Any

import torch

from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan.checkpoint import Checkpoint
from dsnet_edge.train.data import Data


def to_checkpoint(net: SlimmableNet, data: Data, training: dict[str, Any]) -> Checkpoint:
    tensors = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in net.state_dict().items()}
    return Checkpoint(net.arch, data.input, data.labels, tensors, training)


def to_net(checkpoint: Checkpoint, device: torch.device) -> SlimmableNet:
    net = SlimmableNet(checkpoint.arch)
    net.load_state_dict({name: torch.from_numpy(tensor.copy()) for name, tensor in checkpoint.tensors.items()})
    return net.to(device)
