"""A dataset by its recipe: two splits with the same interface, an input specification and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dsnet_edge.plan import InputSpec
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.memory import Batch, MemorySplit
from dsnet_edge.train.recipe import DataRecipe
from dsnet_edge.train.sources import Arrays, cifar10, data_folder, fashion_mnist

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
FASHION_MEAN, FASHION_STD = (0.286, 0.286, 0.286), (0.353, 0.353, 0.353)


class Split(Protocol):
    def __len__(self) -> int: ...

    def train_batches(self, batch: int, seed: tuple[int, int], group: Group) -> Iterator[Batch]:
        """One epoch of augmented batches, this process's share."""
        ...

    def eval_batches(self, batch: int) -> Iterator[Batch]:
        """Every image once, as inference sees it."""
        ...

    def calibration_batches(self, batch: int) -> Iterator[Tensor]:
        """Images in a fixed random order, as inference sees them; whole batches only."""
        ...


@dataclass(frozen=True)
class Data:
    train: Split
    test: Split
    input: InputSpec
    labels: tuple[str, ...]


def open_data(recipe: DataRecipe, folder: FilePath | None) -> Data:
    """Raises DsnetError where the data is not found."""

    def spec(mean: tuple[float, float, float], std: tuple[float, float, float]) -> InputSpec:
        return InputSpec(recipe.size, recipe.size, mean, std, recipe.resize, recipe.interpolation)

    if recipe.name == "folder":
        from dsnet_edge.train.folder import open_folder  # torchvision is needed for folders only

        train, test, labels = open_folder(data_folder(folder), recipe, spec(IMAGENET_MEAN, IMAGENET_STD))
        return Data(train, test, spec(IMAGENET_MEAN, IMAGENET_STD), labels)
    if recipe.name == "cifar10":
        (images, held_out, labels), given = cifar10(data_folder(folder)), spec(CIFAR_MEAN, CIFAR_STD)
    else:
        (images, held_out, labels), given = fashion_mnist(folder), spec(FASHION_MEAN, FASHION_STD)
    return Data(_in_memory(images, recipe, given), _in_memory(held_out, recipe, given), given, labels)


def _in_memory(arrays: Arrays, recipe: DataRecipe, spec: InputSpec) -> MemorySplit:
    images, targets = arrays
    if images.shape[1:3] != (recipe.size, recipe.size):
        images = np.stack([_resized(image, recipe.size) for image in images])
    return MemorySplit(torch.from_numpy(images.copy()), torch.from_numpy(targets), spec, recipe)


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
