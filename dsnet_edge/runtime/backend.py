"""What a backend does: the stages of dynamic inference, for one image."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Backend(Protocol):
    """A feature and an attention are the backend's own and valid until its next `prefix`; everything else is float32 NumPy.

    `prefix`, `gate`, `suffix`; with several gates `prefix`, `gate`, then `segment` and `gate` for each further one, `suffix`.
    Without a gate, `gate` gives no scores. Choices are numbered from 0 among those the bundle's gates have.
    """

    runtime: str  # what runs it: a package and its version, and which of its ways to

    def prefix(self, image: np.ndarray) -> Any:
        """The features of a normalised image `[h, w, 3]`, before the first gate."""
        ...

    def gate(self, feature: Any, taken: tuple[int, ...] = ()) -> tuple[np.ndarray, Any]:
        """The scores of the gate behind these choices, one a choice, and the attention that goes on with the features."""
        ...

    def segment(self, feature: Any, attention: Any, taken: tuple[int, ...]) -> Any:
        """The features before the next gate, behind these choices, the last of which has just been made."""
        ...

    def suffix(self, feature: Any, attention: Any, path: int) -> np.ndarray:
        """Logits `[classes]` on a path, given by its index, which makes the same choices."""
        ...
