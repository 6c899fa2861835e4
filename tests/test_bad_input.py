"""What people give `dsnet-edge convert` by mistake: one line, exit code 2, and nothing touched."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path as FilePath

import numpy as np
import pytest
from converting import Workplace, refused
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from dsnet_edge import demo

Tensors = dict[str, np.ndarray]


@pytest.fixture
def place(tmp_path: FilePath) -> Workplace:
    return Workplace.make(tmp_path)


def damage(place: Workplace, change: Callable[[Tensors], object]) -> None:
    with safe_open(place.checkpoint, "numpy") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    change(tensors)
    save_file(tensors, place.checkpoint, metadata)


def set_nan(tensors: Tensors) -> None:
    tensors["blocks.3.pointwise.weight"][5, 2] = np.nan


def empty_row(tensors: Tensors) -> None:
    tensors["blocks.3.depthwise.norm.mean"][1] = 0
    tensors["blocks.3.depthwise.norm.var"][1] = 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_nan, "tensor blocks.3.pointwise.weight[5, 2] is nan, expected a finite number; train again"),
        (
            empty_row,
            "row 1 of blocks.3.depthwise.norm is unfilled (mean 0 and variance 1 throughout), so path 1 cannot run",
        ),
    ],
)
def test_unsound_numbers(place: Workplace, change: Callable[[Tensors], object], reason: str) -> None:
    damage(place, change)
    assert refused(place, place.checkpoint, "--to", "sliced").startswith(f"{place.checkpoint}: {reason}")


def test_what_is_no_checkpoint(place: Workplace) -> None:
    content = place.checkpoint.read_bytes()
    for name, data in (("empty", b""), ("cut", content[: len(content) // 2]), ("pickle", pickle.dumps({"weight": [1.0]}))):
        (place.folder / name).write_bytes(data)
        assert "not a readable safetensors file" in refused(place, place.folder / name, "--to", "sliced")
    assert "a folder and no checkpoint" in refused(place, place.folder, "--to", "sliced")


def test_photos_that_do_not_serve(place: Workplace) -> None:
    photos = place.folder / "photos"
    photos.mkdir()
    int8 = (place.checkpoint, "--to", "sliced", "--precision", "int8", "--calibrate", photos)
    assert refused(place, *int8).startswith(f"{photos}: no images")
    for index in range(6):
        Image.new("RGB", (40, 30), (index, 0, 0)).save(photos / f"{index}.png")
    assert refused(place, *int8).startswith(f"{photos}: all of 6 photos are of one colour")
    (photos / "a.jpg").write_bytes(demo.photos()[0].read_bytes()[:2_000])
    assert refused(place, *int8).startswith(f"{photos / 'a.jpg'}: not a readable image")
    assert refused(place, *int8, "--samples", 1).startswith("--samples 1: int8 learns its ranges from at least 4 photos")
    assert refused(place, *int8[:-2]).startswith("--precision int8 needs --calibrate DIR")


def test_a_golden_photo_that_is_not_there(place: Workplace) -> None:
    missing = place.folder / "missing.jpg"
    line = refused(place, place.checkpoint, "--to", "sliced", "--golden", demo.photos()[0], "--golden", missing)
    assert line == f"{missing}: no such file; check the path"


@pytest.mark.parametrize("paths", ["", "3", "2:9", "all"])
def test_paths_that_are_not_there(place: Workplace, paths: str) -> None:
    line = refused(place, place.checkpoint, "--to", "sliced", "--paths", paths)
    assert "the gates choose from 0 to 2" in line or "--paths takes choices and LOW:HIGH" in line
