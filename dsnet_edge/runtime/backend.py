"""What a backend does: the three stages of dynamic inference, for one image."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Backend(Protocol):
    """A feature and an attention are the backend's own and valid until its next `prefix`; everything else is float32 NumPy."""

    runtime: str  # what runs it: a package and its version, and which of its ways to

    def prefix(self, image: np.ndarray) -> Any:
        """The features of a normalised image `[h, w, 3]`."""
        ...

    def gate(self, feature: Any) -> tuple[np.ndarray, Any]:
        """The scores of all paths `[P]`, and the attention that the suffix applies to the features."""
        ...

    def suffix(self, feature: Any, attention: Any, path: int) -> np.ndarray:
        """Logits `[classes]` on a path, given by its index."""
        ...
