"""Finding image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath

from dsnet_edge.errors import DsnetError

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def find_photos(places: Sequence[FilePath]) -> list[FilePath]:
    """Image files: those named, and those directly in the folders named, in order of name."""
    photos: list[FilePath] = []
    for place in places:
        if place.is_dir():
            inside = sorted(file for file in place.iterdir() if _is_photo(file))
            if not inside:
                raise DsnetError(f"{place}: no images ({', '.join(_SUFFIXES)}) in this folder; name another")
            photos += inside
        else:
            photos.append(place)
    return photos


def sample_photos(folder: FilePath, count: int) -> list[FilePath]:
    """Up to `count` image files at any depth of the folder, evenly spaced in order of name: a share of every sub-folder."""
    if not folder.is_dir():
        raise DsnetError(f"{folder}: {'a file' if folder.exists() else 'no such folder'}; name a folder of photos")
    photos = sorted(file for file in folder.rglob("*") if _is_photo(file))
    if not photos:
        raise DsnetError(f"{folder}: no images ({', '.join(_SUFFIXES)}) in this folder or below; name another")
    count = min(count, len(photos))
    return [photos[index * len(photos) // count] for index in range(count)]


def _is_photo(file: FilePath) -> bool:
    """By its name. Hidden files are other programs' notes about photos."""
    return file.suffix.lower() in _SUFFIXES and not file.name.startswith(".") and not file.is_dir()
