"""The oracle of slicing: a path as an ordinary network of plain torch layers, its weights copied out of the full-width ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dsnet_edge.arch import Arch, Path

ACTIVATIONS = {
    "relu": torch.relu,
    "relu6": lambda x: x.clamp(0, 6),
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
        self.arch, self.state = arch, state
        self.layers = nn.ModuleDict()
        column = arch.paths.index(path)
        c_in = 3
        for index, block in enumerate(arch.blocks):
            c_out, wide = arch.c_out(index, path), c_in * (block.expansion if block.kind == "inverted" else 1)
            row, row_in = arch.rows(index)[column], arch.rows(index - 1)[column]
            if block.kind == "bottleneck":
                inner = c_out // block.expansion
                self.convolution(f"{index}.reduce", c_in, inner, row)
                self.convolution(f"{index}.conv", inner, inner, row, block.kernel, block.stride)
                self.convolution(f"{index}.expand", inner, c_out, row)
                if (block.stride, c_out) != (1, c_in) or (arch.gates and index in [gate.block for gate in arch.gates]):
                    self.convolution(f"{index}.shortcut", c_in, c_out, row, 1, block.stride)
            if block.kind == "conv":
                self.convolution(f"{index}.conv", c_in, c_out, row, block.kernel, block.stride)
            if block.kind in ("separable", "inverted"):
                if block.expansion > 1:
                    self.convolution(f"{index}.expand", c_in, wide, row_in)
                self.convolution(f"{index}.depthwise", wide, wide, row_in, block.kernel, block.stride, groups=wide)
            if block.kind in ("separable", "inverted", "pointwise"):
                self.convolution(f"{index}.{self.last(index)}", wide, c_out, row)
            if block.attention:
                reduce, expand = nn.Linear(wide, block.attention.hidden), nn.Linear(block.attention.hidden, wide)
                reduce.weight.data = state[f"blocks.{index}.attention.reduce.weight"][:, :wide]
                reduce.bias.data = state[f"blocks.{index}.attention.reduce.bias"]
                expand.weight.data = state[f"blocks.{index}.attention.expand.weight"][:wide]
                expand.bias.data = state[f"blocks.{index}.attention.expand.bias"][:wide]
                self.layers[f"{index} attention"] = nn.ModuleList([reduce, expand])
            c_in = c_out
        self.classifier = nn.Linear(c_in, arch.n_classes)
        self.classifier.weight.data = state["classifier.weight"][:, :c_in]
        self.classifier.bias.data = state["classifier.bias"]

    def convolution(self, name: str, c_in: int, c_out: int, row: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
        weight = self.state[f"blocks.{name}.weight"]
        conv.weight.data = (weight if weight.ndim == 4 else weight[..., None, None])[:c_out, : c_in // groups]
        norm: nn.Module
        if self.arch.norm == "group":
            norm = nn.GroupNorm(c_out // 16, c_out, self.arch.norm_eps)
            norm.weight.data = self.state[f"blocks.{name}.norm.weight"][:c_out]
            norm.bias.data = self.state[f"blocks.{name}.norm.bias"][:c_out]
        else:
            norm = batch_norm(self.state, f"blocks.{name}.norm", c_out, row, self.arch.norm_eps)
        self.layers[name.replace(".", " ")] = nn.Sequential(conv, norm)

    def last(self, index: int) -> str:
        return "project" if self.arch.blocks[index].kind == "inverted" else "pointwise"

    def forward(self, x: Tensor) -> Tensor:
        for index, block in enumerate(self.arch.blocks):
            activation, shortcut = ACTIVATIONS[block.activation], x
            if block.kind in ("conv", "pointwise"):
                x = activation(self.layers[f"{index} {block.kind}"](x))
                continue
            if block.kind == "max_pool":
                x = nn.functional.max_pool2d(x, block.kernel, block.stride, block.kernel // 2)
                continue
            if block.attention and block.attention.where == "start":
                x = self.attend(x, index)
            if block.kind == "bottleneck":
                for layer in ("reduce", "conv"):
                    x = activation(self.layers[f"{index} {layer}"](x))
                around = f"{index} shortcut"
                shortcut = self.layers[around](shortcut) if around in self.layers else shortcut
                x = activation(self.layers[f"{index} expand"](x) + shortcut)
                continue
            if block.expansion > 1:
                x = activation(self.layers[f"{index} expand"](x))
            x = activation(self.layers[f"{index} depthwise"](x))
            if block.attention and block.attention.where == "middle":
                x = self.attend(x, index)
            x = self.layers[f"{index} {self.last(index)}"](x)
            if block.kind == "separable":
                x = activation(x)
            elif x.shape == shortcut.shape and block.widths == self.arch.blocks[index - 1].widths:
                x = x + shortcut
        return self.classifier(x.mean((2, 3)))

    def attend(self, x: Tensor, index: int) -> Tensor:
        reduce, expand = self.layers[f"{index} attention"]
        attention = self.arch.blocks[index].attention
        hidden = ACTIVATIONS[attention.hidden_activation](reduce(x.mean((2, 3))))
        return x * ACTIVATIONS[attention.activation](expand(hidden))[:, :, None, None]
