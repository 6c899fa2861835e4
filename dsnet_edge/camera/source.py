"""What gives pictures: a camera, an address, a video, a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dsnet_edge.errors import DsnetError


class CameraError(DsnetError):
    """A source that cannot be opened, or that was lost."""


class Source(Protocol):
    """Open, and used by one thread at a time."""

    def read(self) -> np.ndarray | None:
        """The next picture, uint8 RGB `[h, w, 3]`, upright, never written to again; waits for it. None at the end.

        CameraError where it is lost.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Feed:
    """A source that may be opened, and opened again."""

    name: str  # as people write it, without a password
    open: Callable[[], Source]  # CameraError where it cannot be
    lasting: bool  # a camera or an address, whose end is a loss; else a file or a folder, which ends


@dataclass(frozen=True)
class Size:
    """Of the pictures that a camera is asked for; it may give others."""

    width: int
    height: int
