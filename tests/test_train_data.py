"""Datasets and what is done to them."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import InputSpec
from dsnet_edge.train.data import open_data
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.memory import MemorySplit
from dsnet_edge.train.recipe import DataRecipe

GENERATOR = np.random.default_rng(0)
SPEC = InputSpec(8, 8, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), 8)


def split(n: int = 20, **options: float) -> MemorySplit:
    images = torch.from_numpy(GENERATOR.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8))
    return MemorySplit(images, torch.arange(n), SPEC, DataRecipe("cifar10", 8, 8, **options))


def test_evaluation_normalises_and_keeps_the_order() -> None:
    data = split(5)
    batches = list(data.eval_batches(2))
    x, y = torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])
    expected = (data.images.numpy() / 255 - np.array(SPEC.mean)) / np.array(SPEC.std)
    np.testing.assert_allclose(x.permute(0, 2, 3, 1).numpy(), expected, atol=1e-5)
    assert y.tolist() == [0, 1, 2, 3, 4]


def test_augmented_images_are_shifts_and_mirrors_of_the_reflected_original() -> None:
    data = split(crop_padding=2, flip=True)
    padded = np.pad(data.images.numpy(), ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    seen = set()
    for x, y in data.train_batches(10, (0, 0), Group()):
        for image, target in zip(x, y.tolist(), strict=True):
            windows = {
                (top, left, mirrored): padded[target, top : top + 8, left : left + 8][:, :: -1 if mirrored else 1]
                for top in range(5)
                for left in range(5)
                for mirrored in (False, True)
            }
            found = image.permute(1, 2, 0).numpy() * np.array(SPEC.std) + np.array(SPEC.mean)
            matches = [key for key, window in windows.items() if np.allclose(found, window / 255, atol=1e-5)]
            assert len(matches) == 1
            seen.add(matches[0])
    assert len(seen) > 10


@pytest.mark.parametrize("options", [{}, {"crop_padding": 2, "jitter": 0.3, "erase": 0.5}])
def test_processes_share_out_what_one_process_would_see(options: dict[str, float]) -> None:
    data = split(**options)
    whole = list(data.train_batches(6, (1, 4), Group()))
    parts = [list(data.train_batches(6, (1, 4), Group(rank, 3))) for rank in range(3)]
    assert len(whole) == 3
    for index, (x, y) in enumerate(whole):
        assert torch.equal(x, torch.cat([part[index][0] for part in parts]))
        assert torch.equal(y, torch.cat([part[index][1] for part in parts]))
    assert len(torch.cat([y for _, y in whole]).unique()) == 18


def test_epochs_differ_and_repeat_by_their_seed() -> None:
    data = split(crop_padding=2)
    first, same, other = (next(data.train_batches(20, (0, epoch), Group()))[0] for epoch in (0, 0, 1))
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_jitter_changes_contrast_and_brightness_within_its_bounds() -> None:
    data = split(200, jitter=0.3, flip=False)
    x, y = next(data.train_batches(200, (0, 0), Group()))
    plain = data.normalised(data.images[y])
    gains = x.std((1, 2, 3)) / plain.std((1, 2, 3))
    shifts = (x - gains[:, None, None, None] * plain).mean((1, 2, 3))
    for found in (gains - 1, shifts):
        assert -0.301 < found.min() < -0.2 and 0.2 < found.max() < 0.301


def test_erasing_removes_a_rectangle_from_some_images() -> None:
    x, _ = next(split(200, erase=0.5, flip=False).train_batches(200, (0, 0), Group()))
    shares = (x == 0).all(1).float().mean((1, 2))
    assert 0.005 < shares.mean() < 0.05 and shares.max() <= 0.4 and 90 < (shares == 0).sum() < 170


def write_idx(folder: Path, name: str, array: np.ndarray, *, zipped: bool) -> None:
    data = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
    if zipped:
        (folder / f"{name}.gz").write_bytes(gzip.compress(data))
    else:
        (folder / name).write_bytes(data)


def write_fashion(folder: Path, *, zipped: bool = False) -> np.ndarray:
    images = GENERATOR.integers(0, 256, (12, 28, 28), dtype=np.uint8)
    for part in ("train", "t10k"):
        write_idx(folder, f"{part}-images-idx3-ubyte", images, zipped=zipped)
        write_idx(folder, f"{part}-labels-idx1-ubyte", np.arange(12, dtype=np.uint8) % 10, zipped=zipped)
    return images


@pytest.mark.parametrize("zipped", [False, True])
def test_fashion_mnist_from_idx_files(tmp_path: Path, zipped: bool) -> None:
    images = write_fashion(tmp_path, zipped=zipped)
    data = open_data(DataRecipe("fashion-mnist", 28, 28), tmp_path)
    assert isinstance(data.train, MemorySplit)
    assert np.array_equal(data.train.images.numpy(), np.repeat(images[..., None], 3, 3))
    assert data.labels[9] == "ankle boot" and data.test.targets.tolist()[9:] == [9, 0, 1]
    resized = open_data(DataRecipe("fashion-mnist", 32, 32), tmp_path).train.images[0]
    assert np.array_equal(
        resized, np.asarray(Image.fromarray(images[0]).convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))
    )


def test_broken_idx_files_are_named(tmp_path: Path) -> None:
    write_fashion(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x0cshort")
    with pytest.raises(DsnetError, match="t10k-labels-idx1-ubyte: not an idx file"):
        open_data(DataRecipe("fashion-mnist", 28, 28), tmp_path)


def test_missing_data_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DSNET_EDGE_DATA", raising=False)
    with pytest.raises(DsnetError, match="set the environment variable DSNET_EDGE_DATA"):
        open_data(DataRecipe("cifar10", 32, 32), None)
    with pytest.raises(DsnetError, match=r"cifar10\.tar\.xz: not found"):
        open_data(DataRecipe("cifar10", 32, 32), tmp_path)
    with pytest.raises(DsnetError, match="expected the folders train/CLASS"):
        open_data(DataRecipe("folder", 32, 32), tmp_path)


def write_folder(folder: Path, n: int = 6, size: int = 40) -> None:
    for part in ("train", "val"):
        for label in ("ant", "bee"):
            (folder / part / label).mkdir(parents=True)
            for index in range(n):
                pixels = GENERATOR.integers(0, 256, (size, size + 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / label / f"{index}.png")


def test_an_image_folder(tmp_path: Path) -> None:
    write_folder(tmp_path)
    data = open_data(DataRecipe("folder", 32, 40, random_resized_crop=True, policy="rand_augment", erase=0.5), tmp_path)
    assert data.labels == ("ant", "bee") and len(data.train) == len(data.test) == 12
    x, y = next(data.test.eval_batches(12))
    assert x.shape == (12, 3, 32, 32) and y.tolist() == [0] * 6 + [1] * 6
    image = np.asarray(Image.open(tmp_path / "val" / "ant" / "0.png"))[4:36, 8:40] / 255
    expected = (image - np.array(data.input.mean)) / np.array(data.input.std)
    np.testing.assert_allclose(x[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)
    first, same, other = (next(data.train.train_batches(4, (0, epoch), Group()))[0] for epoch in (0, 0, 1))
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_folders_with_other_classes_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "val" / "bee").rename(tmp_path / "val" / "wasp")
    with pytest.raises(DsnetError, match="its classes are not those of"):
        open_data(DataRecipe("folder", 32, 40), tmp_path)


@pytest.mark.skipif("DSNET_EDGE_DATA" not in os.environ, reason="set DSNET_EDGE_DATA to the folder with cifar10.tar.xz")
def test_cifar10() -> None:
    data = open_data(DataRecipe("cifar10", 32, 32), None)
    assert (len(data.train), len(data.test), data.labels[3]) == (50_000, 5_000, "cat")
    assert isinstance(data.train, MemorySplit) and data.train.targets.bincount().tolist() == [5_000] * 10
