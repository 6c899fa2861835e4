"""Checkpoints: one `.safetensors` file with the parameters by name, and as JSON the architecture, input, labels and training.

Reading needs neither torch nor trust: the file is checked against its own architecture before anyone uses it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.arch import Arch, arch_from_dict, arch_to_dict
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan.parameters import parameter_shapes
from dsnet_edge.plan.plan import InputSpec

FORMAT, VERSION = "dsnet-edge checkpoint", "1"


@dataclass(frozen=True)
class Checkpoint:
    """A trained network: `tensors` are those of `parameter_shapes(arch)`, float32."""

    arch: Arch
    input: InputSpec
    labels: tuple[str, ...]
    tensors: Mapping[str, np.ndarray]
    training: Mapping[str, Any] = field(default_factory=dict)  # recipe, stage, epoch, figures


def write_checkpoint(checkpoint: Checkpoint, path: FilePath) -> None:
    """Writes a temporary file and renames it, so that an interrupted write leaves the old one whole."""
    check_tensors(checkpoint.arch, checkpoint.tensors, str(path))
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "arch": json.dumps(arch_to_dict(checkpoint.arch)),
        "input": json.dumps(asdict(checkpoint.input)),
        "labels": json.dumps(checkpoint.labels),
        "training": json.dumps(dict(checkpoint.training)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        require("safetensors.numpy", "convert").save_file(
            {name: np.ascontiguousarray(t, np.float32) for name, t in checkpoint.tensors.items()}, temporary, metadata
        )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_checkpoint(path: FilePath | str) -> Checkpoint:
    """Raises BundleError, with the file, the key and the fix, for anything but a whole and sound checkpoint."""
    path = FilePath(path)
    if not path.is_file():
        found = "a folder and no checkpoint" if path.is_dir() else "no such checkpoint"
        raise BundleError(f"{path}: {found}; give the .safetensors file that 'dsnet-edge train' wrote")
    safetensors = require("safetensors", "convert")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            _expect(path, "format", FORMAT, metadata.get("format"), "write it with 'dsnet-edge train'")
            _expect(path, "version", VERSION, metadata.get("version"), "update dsnet-edge, or write the file again")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    except (safetensors.SafetensorError, OSError, TypeError) as error:
        raise BundleError(f"{path}: not a readable safetensors file ({error}); copy or write it again") from error
    arch = arch_from_dict(_json(path, metadata, "arch"), str(path))
    spec = _input(path, _json(path, metadata, "input"))
    labels = _json(path, metadata, "labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels) or len(labels) != arch.n_classes:
        raise BundleError(f"{path}: 'labels' must be a list of {arch.n_classes} names, one a class; write the file again")
    training = _json(path, metadata, "training")
    if not isinstance(training, dict):
        raise BundleError(f"{path}: 'training' must be a JSON object, found {type(training).__name__}; write the file again")
    check_tensors(arch, tensors, str(path))
    return Checkpoint(arch, spec, tuple(labels), tensors, training)


def check_tensors(arch: Arch, tensors: Mapping[str, np.ndarray], source: str) -> None:
    """Raises BundleError unless `tensors` are exactly those of `arch`: names, shapes, float32, finite, variances not negative."""
    shapes = parameter_shapes(arch)
    for name in shapes.keys() - tensors.keys():
        raise BundleError(
            f"{source}: tensor {name} is missing, expected {list(shapes[name])} for {arch.name}; write the file again"
        )
    for name in tensors.keys() - shapes.keys():
        raise BundleError(f"{source}: tensor {name} is not part of {arch.name}; remove it or use the architecture it belongs to")
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float32:
            found = f"{tensor.dtype} {list(tensor.shape)}"
            raise BundleError(f"{source}: tensor {name} should be float32 {list(shape)}, found {found}; write the file again")
        _refuse(source, name, tensor, ~np.isfinite(tensor), "a finite number; train again from an earlier checkpoint")
        if name.endswith(".norm.var"):
            _refuse(source, name, tensor, tensor < 0, "0 or more; recalibrate with 'dsnet-edge train recalibrate'")


def _refuse(source: str, name: str, tensor: np.ndarray, wrong: np.ndarray, expected: str) -> None:
    """Raises BundleError for the first element that is wrong."""
    places = np.argwhere(wrong)
    if len(places):
        at = tuple(int(index) for index in places[0])
        more = f" and {len(places) - 1} more like it" if len(places) > 1 else ""
        raise BundleError(f"{source}: tensor {name}{list(at)} is {tensor[at]}{more}, expected {expected}")


def _expect(path: FilePath, key: str, expected: str, found: str | None, fix: str) -> None:
    if found != expected:
        raise BundleError(f"{path}: '{key}' should be {expected!r}, found {found!r}; {fix}")


def _json(path: FilePath, metadata: Mapping[str, str], key: str) -> Any:
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: '{key}' is missing or not JSON ({error}); write the file again") from error


def _input(path: FilePath, data: Any) -> InputSpec:
    """An InputSpec from untrusted JSON."""
    try:
        mean, std = (tuple(float(value) for value in data[key]) for key in ("mean", "std"))
        spec = InputSpec(**{**data, "mean": mean, "std": std})
        sizes = (spec.height, spec.width, spec.resize)
        sound = (
            len(mean) == len(std) == 3
            and np.isfinite([*mean, *std]).all()
            and min(std) > 0
            and all(type(size) is int and 1 <= size <= 4096 for size in sizes)
            and spec.color == "RGB"
            and spec.interpolation in ("bilinear", "bicubic")
        )
        if not sound:
            raise ValueError(f"found {data}")
    except (TypeError, ValueError, KeyError) as error:
        raise BundleError(f"{path}: 'input' does not describe an image input ({error}); write the file again") from error
    return spec
