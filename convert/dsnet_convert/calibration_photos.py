"""The photos of a calibration folder, and whether they can teach int8 anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_convert.photos import sample_photos
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import InputSpec
from dsnet_edge.runtime.preprocess import preprocess

FEWEST = 4  # with fewer, an unlucky choice of photos costs accuracy on every path (docs/precision.md)


@dataclass(frozen=True)
class CalibrationPhotos:
    files: tuple[FilePath, ...]
    images: np.ndarray  # float32 [n, h, w, 3], normalised
    warnings: tuple[str, ...]  # a line each

    @staticmethod
    def read(folder: FilePath, spec: InputSpec, samples: int) -> CalibrationPhotos:
        """Up to `samples` photos of a folder and its sub-folders.

        Raises DsnetError, naming the file, for one that is no readable image, and where fewer than `FEWEST` differ and are more
        than one colour: they would leave the activations without ranges.
        """
        if samples < FEWEST:
            raise DsnetError(f"--samples {samples}: int8 learns its ranges from at least {FEWEST} photos; take more")
        files = sample_photos(folder, samples)
        images = np.stack([preprocess(file, spec) for file in files])
        plain = [file for file, image in zip(files, images, strict=True) if _is_plain(image)]
        telling = {image.tobytes() for image in images if not _is_plain(image)}
        if len(telling) < FEWEST:
            raise DsnetError(
                f"{folder}: {_found(files, plain, len(telling))}, and int8 learns its ranges from at least {FEWEST} that differ; "
                "add photos like those that the network will see"
            )
        return CalibrationPhotos(tuple(files), images, tuple(_warnings(folder, files, plain, samples)))


def _is_plain(image: np.ndarray) -> bool:
    return bool((image == image[0, 0]).all())


def _found(files: Sequence[FilePath], plain: Sequence[FilePath], telling: int) -> str:
    if len(plain) == len(files):
        return f"all of {_photos(len(files))} are of one colour"
    repeated = len(files) - len(plain) - telling
    parts = [_photos(len(files))]
    parts += [f"{len(plain)} of one colour (first {plain[0].name})"] if plain else []
    parts += [f"{repeated} like another"] if repeated else []
    return ", ".join(parts)


def _warnings(folder: FilePath, files: Sequence[FilePath], plain: Sequence[FilePath], samples: int) -> list[str]:
    found = []
    if len(files) < samples:
        found.append(f"{folder}: {_photos(len(files))}, fewer than --samples {samples}; all are used")
    if plain:
        more = f", like {len(plain) - 1} more" if len(plain) > 1 else ""
        found.append(f"{plain[0]}: of one colour{more}, which teaches int8 nothing; leave it out")
    return found


def _photos(count: int) -> str:
    return f"{count} photo{'' if count == 1 else 's'}"
