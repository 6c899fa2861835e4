"""Labelled photos: a folder that has a folder for each class, named like the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge.errors import ImageError

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".tif", ".tiff"})


@dataclass(frozen=True)
class Labelled:
    photo: FilePath
    label: int  # index


def labelled_photos(folder: FilePath, labels: Sequence[str], limit: int | None = None) -> list[Labelled]:
    """All photos, class by class, or `limit` of them evenly spaced. Classes without a folder have none.

    Raises ImageError for a folder that is no label's, and where there are no photos.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder}: no such folder; give one that has a folder of photos for each class")
    indices = {label: index for index, label in enumerate(labels)}
    found: list[Labelled] = []
    for place in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        if place.name not in indices:
            raise ImageError(f"{place}: no label is called {place.name!r}, as {_some(labels)} are; name the folders like labels")
        photos = sorted(file for file in place.rglob("*") if file.suffix.lower() in _SUFFIXES)
        found += [Labelled(photo, indices[place.name]) for photo in photos]
    if not found:
        raise ImageError(
            f"{folder}: no photos in folders named like labels, such as {_some(labels)}; put JPEG or PNG files there"
        )
    if limit is None or limit >= len(found):
        return found
    return [found[index * len(found) // limit] for index in range(limit)]


def _some(labels: Sequence[str]) -> str:
    return ", ".join(label[:30] for label in labels[:3])
