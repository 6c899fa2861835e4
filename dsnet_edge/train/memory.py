"""Small datasets, decoded once and kept as one uint8 tensor: augmentation is indexing, and the CPU stays free to train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsnet_edge.plan import InputSpec
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.recipe import DataRecipe

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class MemorySplit:
    """`images` uint8 `[N, H, W, 3]`, `targets` int64 `[N]`."""

    images: Tensor
    targets: Tensor
    input: InputSpec
    recipe: DataRecipe

    def __len__(self) -> int:
        return len(self.images)

    def train_batches(self, batch: int, seed: tuple[int, int], group: Group) -> Iterator[Batch]:
        """One epoch of augmented float batches `[batch / world, 3, H, W]` for this process.

        Order and augmentation are drawn for all processes together from `seed` (run, epoch), so they depend neither
        on how many processes there are nor on what ran before. The incomplete last batch is dropped.
        """
        generator = np.random.default_rng((*seed, 0))
        order = generator.permutation(len(self))
        for start in range(0, len(order) - batch + 1, batch):
            part = slice(group.rank * batch // group.world, (group.rank + 1) * batch // group.world)
            chosen = torch.from_numpy(order[start : start + batch])[part]
            yield self._augmented(chosen, batch, part, generator), self.targets[chosen]

    def eval_batches(self, batch: int) -> Iterator[Batch]:
        """Every image once, in order, without augmentation."""
        for start in range(0, len(self), batch):
            stop = min(start + batch, len(self))
            yield self.normalised(self.images[start:stop]), self.targets[start:stop]

    def calibration_batches(self, batch: int) -> Iterator[Tensor]:
        order = torch.from_numpy(np.random.default_rng(0).permutation(len(self)))
        for start in range(0, len(order) - batch + 1, batch):
            yield self.normalised(self.images[order[start : start + batch]])

    def normalised(self, images: Tensor) -> Tensor:
        """uint8 `[N, H, W, 3]` to the network's input, NCHW in channels_last memory."""
        std = torch.tensor(self.input.std)
        factor, offset = 1 / (255 * std), -torch.tensor(self.input.mean) / std
        return torch.addcmul(offset, images.float(), factor).permute(0, 3, 1, 2)

    def _augmented(self, chosen: Tensor, batch: int, part: slice, generator: np.random.Generator) -> Tensor:
        recipe, (height, width) = self.recipe, self.images.shape[1:3]
        shifts = torch.from_numpy(generator.integers(-recipe.crop_padding, recipe.crop_padding + 1, (2, batch)))[:, part]
        rows = _reflected(torch.arange(height) + shifts[0, :, None], height)
        columns = _reflected(torch.arange(width) + shifts[1, :, None], width)
        mirrored = torch.from_numpy(generator.random(batch) < 0.5)[part]
        if recipe.flip:
            columns = torch.where(mirrored[:, None], columns.flip(1), columns)
        x = self.normalised(self.images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]])
        if recipe.jitter:
            gain, shift = generator.uniform(-recipe.jitter, recipe.jitter, (2, batch)).astype(np.float32)
            x = x * torch.from_numpy(1 + gain)[part, None, None, None] + torch.from_numpy(shift)[part, None, None, None]
        if recipe.erase:
            x = _erased(x, recipe.erase, torch.from_numpy(generator.random((5, batch)))[:, part])
        return x.contiguous(memory_format=torch.channels_last)


def _reflected(index: Tensor, size: int) -> Tensor:
    """Indices outside [0, size) mirrored at the border."""
    index = index.abs()
    return torch.where(index >= size, 2 * (size - 1) - index, index)


def _erased(x: Tensor, probability: float, draws: Tensor) -> Tensor:
    """A rectangle of up to half the side set to the mean colour, in that share of the images; `draws` `[5, N]` in [0, 1)."""
    height, width = x.shape[2:]
    rows, columns = torch.arange(height), torch.arange(width)
    top, left = draws[1] * height, draws[2] * width
    inside_rows = (rows >= top[:, None]) & (rows < (top + draws[3] * height / 2)[:, None])
    inside_columns = (columns >= left[:, None]) & (columns < (left + draws[4] * width / 2)[:, None])
    erased = inside_rows[:, :, None] & inside_columns[:, None, :] & (draws[0] < probability)[:, None, None]
    return x.masked_fill(erased[:, None], 0.0)
