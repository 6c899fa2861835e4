"""Image folders in ImageNet's layout (`train/CLASS/*`, `val/CLASS/*` or `test/CLASS/*`), decoded and augmented on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, Subset

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import InputSpec
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.memory import Batch
from dsnet_edge.train.recipe import DataRecipe
from dsnet_edge.train.vision import torchvision


@dataclass(frozen=True)
class FolderSplit:
    """`train` and `plain` are the same images, augmented and as inference sees them."""

    train: Any  # torchvision ImageFolder
    plain: Any

    def __len__(self) -> int:
        return len(self.plain)

    def train_batches(self, batch: int, seed: tuple[int, int], group: Group) -> Iterator[Batch]:
        order = torch.randperm(len(self), generator=_generator(*seed, 0))
        whole = order[: len(order) // batch * batch].view(-1, batch)
        mine = whole[:, group.rank * batch // group.world : (group.rank + 1) * batch // group.world]
        own = _generator(*seed, 1 + group.rank)  # what the workers draw the augmentation from
        yield from _loader(Subset(self.train, mine.flatten().tolist()), mine.shape[1], own)

    def eval_batches(self, batch: int) -> Iterator[Batch]:
        yield from _loader(self.plain, batch)

    def calibration_batches(self, batch: int) -> Iterator[Tensor]:
        sampler = RandomSampler(self.plain, generator=_generator(0))
        yield from (x for x, _ in _loader(self.plain, batch, sampler=sampler, drop_last=True))


def open_folder(folder: FilePath, recipe: DataRecipe, spec: InputSpec) -> tuple[FolderSplit, FolderSplit, tuple[str, ...]]:
    """Training split, test split and class names."""
    held_out = next((folder / name for name in ("val", "test") if (folder / name).is_dir()), None)
    if held_out is None or not (folder / "train").is_dir():
        raise DsnetError(f"{folder}: expected the folders train/CLASS and val/CLASS (or test/CLASS) with images")
    train, test = (_split(place, recipe, spec) for place in (folder / "train", held_out))
    if train.plain.classes != test.plain.classes:
        raise DsnetError(f"{held_out}: its classes are not those of {folder / 'train'}; make the two sets of folders equal")
    return train, test, tuple(train.plain.classes)


def _split(folder: FilePath, recipe: DataRecipe, spec: InputSpec) -> FolderSplit:
    vision = torchvision()
    try:
        return FolderSplit(
            vision.datasets.ImageFolder(str(folder), augmentation(recipe, spec)),
            vision.datasets.ImageFolder(str(folder), inference_transform(spec)),
        )
    except (FileNotFoundError, RuntimeError) as error:
        raise DsnetError(f"{folder}: {error}") from error


def augmentation(recipe: DataRecipe, spec: InputSpec) -> Any:
    """The training transform of a recipe, by torchvision."""
    v2 = torchvision().transforms.v2
    mode = v2.InterpolationMode(spec.interpolation)
    steps: list[Any] = []
    if recipe.random_resized_crop:
        steps.append(v2.RandomResizedCrop((spec.height, spec.width), interpolation=mode, antialias=True))
    else:
        steps += [v2.Resize(spec.resize, interpolation=mode, antialias=True)]
        padding = recipe.crop_padding or None
        steps.append(v2.RandomCrop((spec.height, spec.width), padding=padding, pad_if_needed=True, padding_mode="reflect"))
    if recipe.flip:
        steps.append(v2.RandomHorizontalFlip())
    if recipe.policy == "auto_augment":
        steps.append(v2.AutoAugment(interpolation=mode))
    elif recipe.policy == "rand_augment":
        steps.append(v2.RandAugment(interpolation=mode))
    if recipe.jitter:
        steps.append(v2.ColorJitter(brightness=recipe.jitter, contrast=recipe.jitter))
    steps += [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(spec.mean, spec.std)]
    if recipe.erase:
        steps.append(v2.RandomErasing(recipe.erase))
    return v2.Compose(steps)


def inference_transform(spec: InputSpec) -> Any:
    """Short side to `resize`, centre crop, normalise: the preprocessing that the InputSpec promises."""
    v2 = torchvision().transforms.v2
    mode = v2.InterpolationMode(spec.interpolation)
    return v2.Compose(
        [
            v2.Resize(spec.resize, interpolation=mode, antialias=True),  # by Pillow, as the runtime does
            v2.CenterCrop((spec.height, spec.width)),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(spec.mean, spec.std),
        ]
    )


def _generator(*seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(np.random.default_rng(seed).integers(2**63)))


def _loader(dataset: Any, batch: int, generator: torch.Generator | None = None, **options: Any) -> Iterator[Batch]:
    workers = max((os.cpu_count() or 1) - 1, 1)
    loader = DataLoader(dataset, batch, num_workers=workers, generator=generator, pin_memory=torch.cuda.is_available(), **options)
    for x, y in loader:
        yield x.contiguous(memory_format=torch.channels_last), y
