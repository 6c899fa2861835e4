"""The checkpoint that the authors of the paper released (changlin31/DS-Net, `DS_MBNet-70_1.pth.tar`) as one of ours.

A PyTorch file whose `state_dict` has 838 entries: weights of full width, and for each norm a list `aux_bn` with the statistics of
every width, the last of which also has the affine that all share. It is read without unpickling arbitrary objects.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.arch import Arch, preset
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan.checkpoint import Checkpoint
from dsnet_edge.plan.parameters import parameter_shapes
from dsnet_edge.plan.plan import IMAGENET_MEAN, IMAGENET_STD, InputSpec

GATE_CHOICES = 4  # that the released gate scores: the slimmest ones

_BLOCKS_OF_STAGE = (1, 2, 2, 6, 2)
_GATE = "blocks.3.first_block.gate.gate.0.weight"
_WITHIN_BLOCK = {  # our names, theirs, and whether theirs is a 1x1 convolution
    "depthwise.weight": ("conv_dw.weight", False),
    "pointwise.weight": ("conv_pw.weight", True),
    "attention.reduce.weight": ("gate.conv_reduce.weight", True),
    "attention.reduce.bias": ("gate.conv_reduce.bias", False),
    "attention.expand.weight": ("gate.conv_expand.weight", True),
    "attention.expand.bias": ("gate.conv_expand.bias", False),
}
_STATES = ("state_dict_ema", "state_dict")  # the moving average is the better network

Array = np.ndarray


@dataclass(frozen=True)
class Imported:
    checkpoint: Checkpoint
    state: str  # which of the file's networks it is


def import_released(file: FilePath, labels: tuple[str, ...] | None = None) -> Imported:
    """Raises BundleError, naming file and key, unless every entry is there, has its shape, and no other is."""
    state_name, state = _read(file)
    n_classes = len(state["classifier.weight"]) if "classifier.weight" in state else 1000
    arch = preset("dsmbnet14", n_classes)
    if labels is not None and len(labels) != n_classes:
        raise BundleError(f"{file}: has {n_classes} classes, found {len(labels)} labels; give a file with a label a line")
    entry = _Entry(file, state, set())
    tensors = {name: _tensor(arch, name, shape, entry) for name, shape in parameter_shapes(arch).items()}
    _check_unused(file, state, entry.used)
    spec = InputSpec(224, 224, IMAGENET_MEAN, IMAGENET_STD, 256, "bicubic")  # of timm, which the authors' code builds on
    names = labels or tuple(f"class {index}" for index in range(n_classes))
    training = {"stage": "imported", "source": file.name, "state": state_name}
    return Imported(Checkpoint(arch, spec, names, tensors, training), state_name)


@dataclass(frozen=True)
class _Entry:
    """Takes entries of a state by key, and remembers which."""

    file: FilePath
    state: Mapping[str, Array]
    used: set[str]

    def __call__(self, key: str, shape: tuple[int, ...]) -> Array:
        if key not in self.state:
            raise BundleError(f"{self.file}: has no {key}; it is not the released DS-MBNet, or not whole")
        found = self.state[key]
        if found.shape != shape:
            raise BundleError(f"{self.file}: {key} should be {list(shape)}, found {list(found.shape)}; it is another network")
        self.used.add(key)
        return np.asarray(found, np.float32)


def _tensor(arch: Arch, name: str, shape: tuple[int, ...], entry: _Entry) -> Array:
    """One of our tensors, by name."""
    if name.startswith("classifier."):
        return entry(name, shape)
    if name == "gate.weight":  # choices that the released gate does not know get rows of zeros
        known = entry(_GATE, (GATE_CHOICES, shape[1], 1, 1))[..., 0, 0]
        return np.concatenate([known, np.zeros((shape[0] - GATE_CHOICES, shape[1]), np.float32)])
    _, index, rest = name.split(".", 2)
    block = int(index)
    if rest.endswith((".norm.mean", ".norm.var")):
        return _bank(arch, block, rest, shape, entry)
    if ".norm." in rest:
        layer, _, part = rest.partition(".norm.")
        last = len(_widths(arch, block, layer)) - 1
        return entry(f"{_norm(block, layer)}.aux_bn.{last}.{part}", shape)
    if rest == "conv.weight":
        return entry("conv_stem.weight", shape)
    key, is_1x1 = _WITHIN_BLOCK[rest]
    found = entry(f"{_place(block)}.{key}", (*shape, 1, 1) if is_1x1 else shape)
    return found[..., 0, 0] if is_1x1 else found


def _bank(arch: Arch, block: int, rest: str, shape: tuple[int, ...], entry: _Entry) -> Array:
    """A row for each history of widths, from the statistics of the last of these widths, which is all that theirs tell apart."""
    layer, _, part = rest.partition(".norm.")
    widths, rows = _widths(arch, block, layer), arch.rows(block if layer != "depthwise" else block - 1)
    bank = np.full(shape, 0.0 if part == "mean" else 1.0, np.float32)
    by_choice = arch.blocks[block if layer != "depthwise" else block - 1].widths
    for row, width in zip(rows, by_choice, strict=True):
        norm = f"{_norm(block, layer)}.aux_bn.{widths.index(width)}"
        bank[row, :width] = entry(f"{norm}.running_{part}", (width,))
        entry.used.add(f"{norm}.num_batches_tracked")  # always 0 there: it says nothing
    return bank


def _widths(arch: Arch, block: int, layer: str) -> list[int]:
    """The width list that `aux_bn` of a layer's norm runs over."""
    return sorted(set(arch.blocks[block - 1 if layer == "depthwise" else block].widths))


def _norm(block: int, layer: str) -> str:
    return {"conv": "bn1", "depthwise": f"{_place(block)}.bn1", "pointwise": f"{_place(block)}.bn2"}[layer]


def _place(block: int) -> str:
    """Where the file has a separable block of ours; block 0 is the stem."""
    left = block - 1
    for stage, count in enumerate(_BLOCKS_OF_STAGE):
        if left < count:
            return f"blocks.{stage}.first_block" if left <= 0 else f"blocks.{stage}.residual_blocks.{left - 1}"
        left -= count
    raise AssertionError(f"block {block}")


def _check_unused(file: FilePath, state: Mapping[str, Array], used: set[str]) -> None:
    unknown = sorted(state.keys() - used)
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise BundleError(f"{file}: has entries that the released DS-MBNet has not: {unknown[0]}{more}; it is another network")


def _read(file: FilePath) -> tuple[str, dict[str, Array]]:
    """The name of the state that was taken, and its entries."""
    torch = require("torch", "train")
    if not file.is_file():
        raise BundleError(f"{file}: no such file; download it from the authors' releases")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):  # what their `args` is; it runs nothing
            outer = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BundleError(f"{file}: not a PyTorch file of plain tensors ({reason[:200]}); download it again") from error
    if not isinstance(outer, dict):
        raise BundleError(f"{file}: holds a {type(outer).__name__}, expected a dictionary with a state_dict; it is another file")
    for name in _STATES:
        if outer.get(name):
            return name, dict(_entries(file, name, outer[name], torch))
    raise BundleError(f"{file}: has neither {' nor '.join(_STATES)}; it is another file")


def _entries(file: FilePath, name: str, state: Any, torch: Any) -> Iterator[tuple[str, Array]]:
    if not isinstance(state, dict):
        raise BundleError(f"{file}: {name} holds a {type(state).__name__}, expected tensors by name; it is another file")
    for key, tensor in state.items():
        if not isinstance(key, str) or not isinstance(tensor, torch.Tensor):
            raise BundleError(f"{file}: {name} has {str(key)[:80]!r}, which is no tensor by name; it is another file")
        yield key.removeprefix("module."), tensor.detach().to(torch.float32).numpy()
