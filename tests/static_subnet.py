"""The oracle of slicing: a path as an ordinary network of plain torch layers, its weights copied out of the full-width ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dsnet_edge.arch import Arch, Path

ACTIVATIONS = {
    "relu": torch.relu,
    "silu": lambda x: x * torch.sigmoid(x),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "one_plus_tanh": lambda x: 1 + torch.tanh(x),
}


def batch_norm(state: dict[str, Tensor], name: str, channels: int, row: int, eps: float) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels, eps)
    norm.weight.data = state[f"{name}.weight"][:channels]
    norm.bias.data = state[f"{name}.bias"][:channels]
    norm.running_mean = state[f"{name}.mean"][row, :channels].clone()
    norm.running_var = state[f"{name}.var"][row, :channels].clone()
    return norm


class StaticSubnet(nn.Module):
    def __init__(self, arch: Arch, state: dict[str, Tensor], path: Path) -> None:
        super().__init__()
        self.arch = arch
        self.layers = nn.ModuleDict()
        (choice,) = path.choices
        c_in = 3
        for index, block in enumerate(arch.blocks):
            c_out = block.widths[choice]
            name = f"blocks.{index}"
            rows = arch.rows(index)[choice], arch.rows(index - 1)[choice]
            if block.kind == "conv":
                conv = nn.Conv2d(c_in, c_out, block.kernel, block.stride, block.kernel // 2, bias=False)
                conv.weight.data = state[f"{name}.conv.weight"][:c_out, :c_in]
                norm = batch_norm(state, f"{name}.conv.norm", c_out, rows[0], arch.norm_eps)
                self.layers[f"{index} conv"] = nn.Sequential(conv, norm)
            else:
                spread = nn.Conv2d(c_in, c_in, block.kernel, block.stride, block.kernel // 2, groups=c_in, bias=False)
                spread.weight.data = state[f"{name}.depthwise.weight"][:c_in]
                norm = batch_norm(state, f"{name}.depthwise.norm", c_in, rows[1], arch.norm_eps)
                self.layers[f"{index} depthwise"] = nn.Sequential(spread, norm)
                mix = nn.Conv2d(c_in, c_out, 1, bias=False)
                mix.weight.data = state[f"{name}.pointwise.weight"][:c_out, :c_in, None, None]
                norm = batch_norm(state, f"{name}.pointwise.norm", c_out, rows[0], arch.norm_eps)
                self.layers[f"{index} pointwise"] = nn.Sequential(mix, norm)
            if block.attention:
                reduce, expand = nn.Linear(c_in, block.attention.hidden), nn.Linear(block.attention.hidden, c_in)
                reduce.weight.data = state[f"{name}.attention.reduce.weight"][:, :c_in]
                reduce.bias.data = state[f"{name}.attention.reduce.bias"]
                expand.weight.data = state[f"{name}.attention.expand.weight"][:c_in]
                expand.bias.data = state[f"{name}.attention.expand.bias"][:c_in]
                self.layers[f"{index} attention"] = nn.ModuleList([reduce, expand])
            c_in = c_out
        self.classifier = nn.Linear(c_in, arch.n_classes)
        self.classifier.weight.data = state["classifier.weight"][:, :c_in]
        self.classifier.bias.data = state["classifier.bias"]

    def forward(self, x: Tensor) -> Tensor:
        for index, block in enumerate(self.arch.blocks):
            activation = ACTIVATIONS[block.activation]
            if block.kind == "conv":
                x = activation(self.layers[f"{index} conv"](x))
                continue
            if block.attention and block.attention.where == "start":
                x = self.attend(x, index)
            x = activation(self.layers[f"{index} depthwise"](x))
            if block.attention and block.attention.where == "middle":
                x = self.attend(x, index)
            x = activation(self.layers[f"{index} pointwise"](x))
        return self.classifier(x.mean((2, 3)))

    def attend(self, x: Tensor, index: int) -> Tensor:
        reduce, expand = self.layers[f"{index} attention"]
        scale = ACTIVATIONS[self.arch.blocks[index].attention.activation](expand(torch.relu(reduce(x.mean((2, 3))))))
        return x * scale[:, :, None, None]
