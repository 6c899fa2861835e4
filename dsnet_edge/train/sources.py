"""Where datasets lie: CIFAR-10 and Fashion-MNIST as arrays. Folders are in `folder.py`."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path as FilePath

import numpy as np
from PIL import Image

from dsnet_edge.errors import DsnetError
from dsnet_edge.user_cache import user_cache

Arrays = tuple[np.ndarray, np.ndarray]  # uint8 [N, H, W, 3], int64 [N]

FASHION_LABELS = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
_DEBIAN_FASHION = FilePath("/usr/share/datasets/fashion-mnist")


def data_folder(given: FilePath | None) -> FilePath:
    """The folder with the datasets: the argument, else the environment variable DSNET_EDGE_DATA."""
    folder = given or _folder_from_environment()
    if folder is None:
        raise DsnetError("no data folder: give --data, or set the environment variable DSNET_EDGE_DATA")
    if not folder.is_dir():
        raise DsnetError(f"{folder}: no such data folder; give --data, or set DSNET_EDGE_DATA")
    return folder


def _folder_from_environment() -> FilePath | None:
    value = os.environ.get("DSNET_EDGE_DATA")
    return FilePath(value) if value else None


def cifar10(folder: FilePath) -> tuple[Arrays, Arrays, tuple[str, ...]]:
    """Train and test images and the class names, from `cifar10.tar.xz` (`train/CLASS/*.jpg`, `test/CLASS/*.jpg`).

    The decoded arrays (170 MB) are cached; delete the cache folder to free them.
    """
    archive = folder / "cifar10.tar.xz"
    if not archive.is_file():
        raise DsnetError(f"{archive}: not found; put the CIFAR-10 archive there (train/CLASS/*.jpg, test/CLASS/*.jpg)")
    cached = user_cache("data") / f"cifar10-{archive.stat().st_size}.npz"
    if not cached.is_file():
        images: dict[str, list[np.ndarray]] = {"train": [], "test": []}
        names: dict[str, list[str]] = {"train": [], "test": []}
        for split, label, image in _tar_images(archive):
            images[split].append(image)
            names[split].append(label)
        labels = sorted(set(names["train"]))
        arrays = {split: np.stack(images[split]) for split in images}
        targets = {f"{split}_targets": np.array([labels.index(name) for name in names[split]]) for split in names}
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_name(f".{os.getpid()}.{cached.name}")  # np.savez wants the suffix .npz
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, labels=np.array(labels), **arrays, **targets)
        temporary.replace(cached)
    with np.load(cached) as file:
        train, test = ((file[split], file[f"{split}_targets"]) for split in ("train", "test"))
        return train, test, tuple(map(str, file["labels"]))


def _tar_images(archive: FilePath) -> Iterator[tuple[str, str, np.ndarray]]:
    with tarfile.open(archive, "r|xz") as tar:
        for member in tar:
            parts = FilePath(member.name).parts[-3:]
            file = tar.extractfile(member) if member.isfile() and len(parts) == 3 and parts[0] in ("train", "test") else None
            if file:
                yield parts[0], parts[1], np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"))


def fashion_mnist(given: FilePath | None) -> tuple[Arrays, Arrays, tuple[str, ...]]:
    """The four idx files, plain or gzipped, in `given` or its `fashion-mnist`, else in $DSNET_EDGE_DATA or Debian's place."""
    folder = given or _folder_from_environment()
    candidates = [folder, folder / "fashion-mnist"] if folder else []
    if given is None:
        candidates.append(_DEBIAN_FASHION)
    for place in candidates:
        if next(place.glob("train-images-idx3-ubyte*"), None):
            train, test = (
                (_idx(place, f"{part}-images-idx3-ubyte", 3), _idx(place, f"{part}-labels-idx1-ubyte", 1))
                for part in ("train", "t10k")
            )
            return _coloured(*train), _coloured(*test), FASHION_LABELS
    places = ", ".join(map(str, candidates))
    raise DsnetError(f"Fashion-MNIST not found in {places}; apt-get install dataset-fashion-mnist, or give --data")


def _coloured(images: np.ndarray, targets: np.ndarray) -> Arrays:
    return np.repeat(images[..., None], 3, axis=3), targets.astype(np.int64)


def _idx(folder: FilePath, name: str, dimensions: int) -> np.ndarray:
    path = next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)
    if path is None:
        raise DsnetError(f"{folder / name}: not found, nor with .gz; the dataset needs all four idx files")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    header = 4 + 4 * dimensions
    magic, *shape = struct.unpack(f">{1 + dimensions}I", data[:header])
    if magic != 0x800 + dimensions or len(data) != header + int(np.prod(shape)):
        raise DsnetError(f"{path}: not an idx file of uint8 in {dimensions} dimensions; download it again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)
