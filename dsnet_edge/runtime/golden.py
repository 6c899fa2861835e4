"""The golden inputs and outputs that a bundle holds (docs/bundle.md), for a device or a converter to compare itself with."""

from __future__ import annotations

import numpy as np

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime.bundle import Bundle


def read_images(bundle: Bundle) -> np.ndarray:
    """`[n, h, w, 3]`, float32, normalised."""
    return _read(bundle, "images", (-1, bundle.input.height, bundle.input.width, 3))


def read_outputs(bundle: Bundle, whose: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores `[n, P]`, or of several gates those of all on the widest path, and logits `[P, n, classes]`, float32, of `n` images.

    `whose` is "" for the oracle of the bundle's precision, "fp32" for the network's in fp32, or a backend whose own they are.
    """
    prefix = f"{whose}_" if whose else ""
    scores = _read(bundle, f"{prefix}scores", (n, sum(bundle.n_choices)))
    return scores, _read(bundle, f"{prefix}logits", (bundle.n_paths, n, len(bundle.labels)))


def _read(bundle: Bundle, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """-1 in `shape` is any number above 0. Raises BundleError for another shape or type, or a value that is not finite."""
    name = bundle.manifest["golden"][key]
    try:
        array = np.load(bundle.file(name), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleError(f"{bundle.folder / name}: not a readable array ({error}); convert the checkpoint again") from error
    if not isinstance(array, np.ndarray):
        raise BundleError(f"{bundle.folder / name}: an archive of arrays, expected one array; convert the checkpoint again")
    fits = len(shape) == array.ndim and all(
        size == found or (size == -1 and found) for size, found in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != np.float32:
        expected = ["n" if size == -1 else size for size in shape]
        found = f"{array.dtype} {list(array.shape)}"
        raise BundleError(f"{bundle.folder / name}: float32 {expected} expected, found {found}; convert it again")
    if not np.isfinite(array).all():
        raise BundleError(f"{bundle.folder / name}: holds values that are not finite; convert the checkpoint again")
    return array
