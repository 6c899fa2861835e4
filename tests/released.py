"""A file in the format of the authors' released checkpoint, with random numbers in it, and what it means.

Written from a description of the format and of what the authors' code computes, not from our importer: convolutions of full width
on feature maps whose channels beyond the path's width are zero, and norms that look up their statistics by that width.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

STEM = (16, 24)
STAGES = (  # stride of the first block, how many blocks, width list of their outputs
    (1, 1, (32, 88)),
    (2, 2, (48, 168)),
    (2, 2, (96, 264)),
    (2, 6, tuple(range(224, 641, 32))),
    (2, 2, tuple(range(736, 1153, 32))),
)
GATED_STAGE = 3


def names() -> list[tuple[str, int, Sequence[int], Sequence[int]]]:
    """Of every block: its prefix in the file, stride, and the width lists of its input and output."""
    found, before = [], STEM
    for stage, (stride, count, widths) in enumerate(STAGES):
        for index in range(count):
            place = "first_block" if index == 0 else f"residual_blocks.{index - 1}"
            found.append((f"blocks.{stage}.{place}", stride if index == 0 else 1, before, widths))
            before = widths
    return found


def random_state(seed: int = 0, n_classes: int = 1000) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}

    def normal(*shape: int) -> Tensor:
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        return torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5

    def norm(prefix: str, widths: Sequence[int]) -> None:
        for index, width in enumerate(widths):
            state[f"{prefix}.aux_bn.{index}.running_mean"] = 0.2 * torch.randn(width, generator=generator)
            state[f"{prefix}.aux_bn.{index}.running_var"] = 0.5 + torch.rand(width, generator=generator)
            state[f"{prefix}.aux_bn.{index}.num_batches_tracked"] = torch.tensor(0)
        state[f"{prefix}.aux_bn.{len(widths) - 1}.weight"] = 0.7 + 0.6 * torch.rand(widths[-1], generator=generator)
        state[f"{prefix}.aux_bn.{len(widths) - 1}.bias"] = 0.2 * torch.randn(widths[-1], generator=generator)

    state["conv_stem.weight"] = normal(STEM[-1], 3, 3, 3)
    norm("bn1", STEM)
    for name, _, widths_in, widths_out in names():
        c_in, c_out = widths_in[-1], widths_out[-1]
        hidden = round(0.25 * c_in)
        state[f"{name}.conv_dw.weight"] = normal(c_in, 1, 3, 3)
        norm(f"{name}.bn1", widths_in)
        state[f"{name}.gate.conv_reduce.weight"] = normal(hidden, c_in, 1, 1)
        state[f"{name}.gate.conv_reduce.bias"] = 0.1 * normal(hidden)
        state[f"{name}.gate.conv_expand.weight"] = normal(c_in, hidden, 1, 1)
        state[f"{name}.gate.conv_expand.bias"] = 0.1 * normal(c_in)
        state[f"{name}.conv_pw.weight"] = normal(c_out, c_in, 1, 1)
        norm(f"{name}.bn2", widths_out)
    state[f"blocks.{GATED_STAGE}.first_block.gate.gate.0.weight"] = normal(4, 66, 1, 1)
    state["classifier.weight"], state["classifier.bias"] = normal(n_classes, STAGES[-1][2][-1]), normal(n_classes)
    return state


def released_file(state: dict[str, Tensor], **more: object) -> dict[str, object]:
    """The outer dictionary, as the training script leaves it."""
    args = argparse.Namespace(model="slimmable_mbnet_v1_bn_uniform", lr=0.08)
    setattr(args, "drop-path", None)
    return {"epoch": 149, "arch": "slimmable", "state_dict": state, "optimizer": {}, "args": args, "version": 2, **more}


def logits_and_scores(state: dict[str, Tensor], x: Tensor, path: int) -> tuple[Tensor, Tensor]:
    """On routed path 0 to 13, of `x` `[n, 3, h, w]`: logits, and the four scores of the gate."""

    def norm(prefix: str, y: Tensor, widths: Sequence[int], width: int) -> Tensor:
        bank, affine = f"{prefix}.aux_bn.{list(widths).index(width)}", f"{prefix}.aux_bn.{len(widths) - 1}"
        mean, var = state[f"{bank}.running_mean"], state[f"{bank}.running_var"]
        weight, bias = state[f"{affine}.weight"][:width], state[f"{affine}.bias"][:width]
        normalised = functional.batch_norm(y[:, :width], mean, var, weight, bias, False, 0.0, 1e-5)
        return functional.pad(normalised, (0, 0, 0, 0, 0, y.shape[1] - width))

    def width_of(widths: Sequence[int]) -> int:
        return widths[path] if len(widths) == 14 else widths[0]

    x = functional.silu(norm("bn1", functional.conv2d(x, state["conv_stem.weight"], stride=2, padding=1), STEM, STEM[0]))
    scores = torch.empty(0)
    for name, stride, widths_in, widths_out in names():
        c_in, c_out = width_of(widths_in), width_of(widths_out)
        y = functional.conv2d(x, state[f"{name}.conv_dw.weight"], stride=stride, padding=1, groups=x.shape[1])
        x = functional.silu(norm(f"{name}.bn1", y, widths_in, c_in))
        pooled = x.mean((2, 3), keepdim=True)
        reduce, expand = f"{name}.gate.conv_reduce", f"{name}.gate.conv_expand"
        hidden = functional.relu(functional.conv2d(pooled, state[f"{reduce}.weight"], state[f"{reduce}.bias"]))
        if f"{name}.gate.gate.0.weight" in state:
            scores = functional.conv2d(hidden, state[f"{name}.gate.gate.0.weight"])[:, :, 0, 0]
        factor = torch.sigmoid(functional.conv2d(hidden, state[f"{expand}.weight"], state[f"{expand}.bias"]))
        mask = (torch.arange(x.shape[1]) < c_in)[None, :, None, None]
        y = functional.conv2d(x * factor * mask, state[f"{name}.conv_pw.weight"])
        x = functional.silu(norm(f"{name}.bn2", y, widths_out, c_out))
    return functional.linear(x.mean((2, 3)), state["classifier.weight"], state["classifier.bias"]), scores
