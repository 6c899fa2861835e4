"""The photos of a folder, one after the other, as if a camera had taken them."""

from __future__ import annotations

import time
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.camera.source import CameraError
from dsnet_edge.errors import ImageError
from dsnet_edge.runtime.preprocess import load_rgb

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
_SHOWN_S = 1.0


class PhotoFolder:
    """In the order of their names, a second each if `paced`. Photos that cannot be read are left out; one at the least can be."""

    def __init__(self, folder: FilePath, paced: bool) -> None:
        self._folder, self._paced = folder, paced
        self._left = sorted((file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES), reverse=True)
        self._due_s, self._given = 0.0, 0
        if not self._left:
            raise CameraError(f"{folder}: has no photos; put JPEG, PNG or WebP files into it")

    def read(self) -> np.ndarray | None:
        error: ImageError | None = None
        while self._left:
            try:
                pixels = np.asarray(load_rgb(self._left.pop()))
            except ImageError as bad:
                error = error or bad
                continue
            self._wait()
            self._given += 1
            return pixels
        if not self._given and error:
            raise CameraError(f"{self._folder}: none of its photos can be read, the first because: {error}") from error
        self._wait()  # the last photo is shown as long as the others
        return None

    def close(self) -> None:
        self._left = []

    def _wait(self) -> None:
        if self._paced:
            time.sleep(max(0.0, self._due_s - time.monotonic()))
            self._due_s = time.monotonic() + _SHOWN_S
