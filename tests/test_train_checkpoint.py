"""Checkpoints: what is written comes back, and nothing unsound is read."""

import dataclasses
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from tiny import random_state, tiny_arch

from dsnet_edge.arch import arch_to_dict
from dsnet_edge.errors import BundleError
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

SPEC = InputSpec(16, 16, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), 18, "bicubic")
LABELS = ("ant", "bee", "cat", "dog", "elk")


def checkpoint(seed: int = 0) -> Checkpoint:
    arch = tiny_arch()
    return Checkpoint(arch, SPEC, LABELS, random_state(arch, np.random.default_rng(seed)), {"epoch": 3})


def test_round_trip(tmp_path: Path) -> None:
    written = checkpoint()
    write_checkpoint(written, tmp_path / "new" / "a.safetensors")
    read = read_checkpoint(tmp_path / "new" / "a.safetensors")
    assert dataclasses.replace(read, tensors={}) == dataclasses.replace(written, tensors={})
    assert read.tensors.keys() == written.tensors.keys()
    assert all(np.array_equal(read.tensors[name], tensor) for name, tensor in written.tensors.items())
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.safetensors"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(checkpoint(), path)
    before = path.read_bytes()
    bad = checkpoint(1)
    with pytest.raises(BundleError, match=r"classifier\.bias"):
        write_checkpoint(
            dataclasses.replace(bad, tensors={**bad.tensors, "classifier.bias": np.full(5, np.nan, np.float32)}), path
        )
    assert path.read_bytes() == before


Tensors, Metadata = dict[str, np.ndarray], dict[str, str]


def drop(tensors: Tensors, metadata: Metadata) -> None:
    del tensors["gate.weight"]


def add(tensors: Tensors, metadata: Metadata) -> None:
    tensors["blocks.9.conv.weight"] = np.zeros(3, np.float32)


def reshape(tensors: Tensors, metadata: Metadata) -> None:
    tensors["classifier.weight"] = tensors["classifier.weight"].T.copy()


def halve(tensors: Tensors, metadata: Metadata) -> None:
    tensors["classifier.bias"] = tensors["classifier.bias"].astype(np.float16)


def spoil(tensors: Tensors, metadata: Metadata) -> None:
    tensors["blocks.1.depthwise.weight"][0, 0, 1, 1] = np.inf


def negate(tensors: Tensors, metadata: Metadata) -> None:
    tensors["blocks.2.pointwise.norm.var"] *= -1


def other_format(tensors: Tensors, metadata: Metadata) -> None:
    metadata["format"] = "pt"


def newer(tensors: Tensors, metadata: Metadata) -> None:
    metadata["version"] = "2"


def hostile_arch(tensors: Tensors, metadata: Metadata) -> None:
    metadata["arch"] = json.dumps({**arch_to_dict(tiny_arch()), "n_classes": 1 << 40})


def no_arch(tensors: Tensors, metadata: Metadata) -> None:
    del metadata["arch"]


def zero_std(tensors: Tensors, metadata: Metadata) -> None:
    metadata["input"] = json.dumps({**dataclasses.asdict(SPEC), "std": [0.2, 0.0, 0.4]})


def two_labels(tensors: Tensors, metadata: Metadata) -> None:
    metadata["labels"] = '["ant", "bee"]'


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop, r"tensor gate\.weight is missing, expected \[3, 6\]"),
        (add, r"tensor blocks\.9\.conv\.weight is not part of tiny"),
        (reshape, r"tensor classifier\.weight should be float32 \[5, 20\], found float32 \[20, 5\]"),
        (halve, r"tensor classifier\.bias should be float32 \[5\], found float16"),
        (spoil, r"tensor blocks\.1\.depthwise\.weight\[0, 0, 1, 1\] is inf, expected a finite number; train again"),
        (negate, r"tensor blocks\.2\.pointwise\.norm\.var\[0, 0\] is -\d\.\d+ and 59 more like it, expected 0 or more"),
        (other_format, r"'format' should be 'dsnet-edge checkpoint', found 'pt'"),
        (newer, r"'version' should be '1', found '2'; update dsnet-edge"),
        (hostile_arch, r"n_classes must be an integer"),
        (no_arch, r"'arch' is missing"),
        (zero_std, r"'input' does not describe an image input"),
        (two_labels, r"'labels' must be a list of 5 names"),
    ],
)
def test_an_unsound_file_is_refused(tmp_path: Path, damage: Callable[[Tensors, Metadata], None], message: str) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(checkpoint(), path)
    with safe_open(path, "numpy") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    damage(tensors, metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(BundleError, match=message) as raised:
        read_checkpoint(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value) and ";" in str(raised.value)


@pytest.mark.parametrize("size", [0, 5, 100, 9_000])
def test_a_truncated_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(checkpoint(), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BundleError, match="not a readable safetensors file"):
        read_checkpoint(path)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path, trap = tmp_path / "net.pth", tmp_path / "loaded"
    torch.save({"weight": Trap(trap)}, path)
    assert path.read_bytes()[:2] == b"PK"
    with pytest.raises(BundleError, match=r"net\.pth: not a readable safetensors file"):
        read_checkpoint(path)
    path.write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(BundleError, match=r"net\.pth: not a readable safetensors file"):
        read_checkpoint(path)
    assert not trap.exists()


class Trap:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.file,)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere\.safetensors: no such checkpoint; give"):
        read_checkpoint(tmp_path / "nowhere.safetensors")
    with pytest.raises(BundleError, match=f"{tmp_path}: a folder and no checkpoint; give"):
        read_checkpoint(tmp_path)
