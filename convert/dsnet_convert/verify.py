"""Every path of every backend in a bundle against the NumPy oracle, on real images.

Tolerances, fp32: on every path `max|a - b| / max|b|` of the logits is at most 1e-4, and so is that of the gate's scores; and the
gate chooses the oracle's path. Where the oracle's two best scores lie closer together than the backend's own error on the scores
may be, both paths are right answers: such an image is a near tie, and counted, but not a miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from dsnet_convert.golden import Golden, golden_images, golden_outputs
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.bundle import Bundle, open_bundle

if TYPE_CHECKING:
    from rich.table import Table

TOLERANCE = 1e-4
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


@dataclass(frozen=True)
class PathResult:
    """One path of one backend, over all images."""

    backend: str
    path: int
    max_abs_error: float
    relative_error: float
    top1_agreement: float  # 0..1
    passed: bool


@dataclass(frozen=True)
class GateResult:
    """The gate of one backend, over all images."""

    backend: str
    relative_error: float  # of the scores
    same_choice: int  # images on which it chooses the oracle's path
    near_ties: int  # images on which it does not, within the tolerance
    images: int
    passed: bool


@dataclass(frozen=True)
class Report:
    bundle: str
    images: int
    tolerance: float
    paths: tuple[PathResult, ...]
    gates: tuple[GateResult, ...]

    @property
    def passed(self) -> bool:
        return all(path.passed for path in self.paths) and all(gate.passed for gate in self.gates)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed}

    def table(self) -> Table:
        from dsnet_convert.verify_table import verify_table

        return verify_table(self)


def verify_bundle(
    bundle: FilePath | Bundle, photos: Sequence[FilePath] = (), backends: Sequence[str] = (), threads: int = 1
) -> Report:
    """On the photos, or the bundle's golden images without any; all backends of the bundle, or those named.

    Raises DsnetError where the bundle, a photo or an extra is unusable. A miss is no error: see `Report.passed`.
    """
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    golden = oracle_outputs(bundle, photos)
    paths: list[PathResult] = []
    gates: list[GateResult] = []
    for backend in backends or bundle.backends:
        runner = Runner(bundle, backend, threads)
        found = [[runner.infer(image, path) for image in golden.images] for path in range(bundle.n_paths)]
        logits = np.array([[stages.logits for stages in row] for row in found])
        paths += [compare_path(backend, path, logits[path], golden.logits[path]) for path in range(bundle.n_paths)]
        gates.append(compare_gate(backend, np.array([stages.scores for stages in found[0]]), golden.scores))
    return Report(str(bundle.folder), len(golden.images), TOLERANCE, tuple(paths), tuple(gates))


def oracle_outputs(bundle: Bundle, photos: Sequence[FilePath]) -> Golden:
    """The oracle's outputs, computed afresh: golden outputs that have aged with an old file would prove nothing."""
    plan = read_sliced(bundle.file(bundle.backend_files("sliced")["file"]))
    if photos:
        return golden_outputs(plan, golden_images(plan, photos))
    name = bundle.manifest["golden"]["images"]
    try:
        images = np.load(bundle.file(name), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BundleError(f"{bundle.folder / name}: not a readable array ({error}); convert the checkpoint again") from error
    expected = (bundle.input.height, bundle.input.width, 3)
    if images.ndim != 4 or images.shape[1:] != expected or images.dtype != np.float32 or not len(images):
        found = f"{images.dtype} {list(images.shape)}"
        raise BundleError(f"{bundle.folder / name}: float32 {['n', *expected]} expected, found {found}; convert it again")
    return golden_outputs(plan, images)


def compare_path(backend: str, path: int, logits: np.ndarray, expected: np.ndarray) -> PathResult:
    """`[n, classes]` each."""
    error, relative = _errors(logits, expected)
    agreement = float((logits.argmax(1) == expected.argmax(1)).mean())
    return PathResult(backend, path, error, relative, agreement, relative <= TOLERANCE)


def compare_gate(backend: str, scores: np.ndarray, expected: np.ndarray) -> GateResult:
    """`[n, P]` each. A choice may differ where its score is within the tolerance of the oracle's best, on both sides of it."""
    _, relative = _errors(scores, expected)
    choice = scores.argmax(1)
    same = choice == expected.argmax(1)
    margin = expected.max(1) - np.take_along_axis(expected, choice[:, None], 1)[:, 0]
    tie = ~same & (margin <= 2 * TOLERANCE * np.abs(expected).max())
    passed = bool((same | tie).all()) and relative <= TOLERANCE
    return GateResult(backend, relative, int(same.sum()), int(tie.sum()), len(scores), passed)


def _errors(found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Largest absolute error, and that over the largest expected value; infinite where a value is not finite."""
    if not np.isfinite(found).all():
        return float("inf"), float("inf")
    error = float(np.abs(found.astype(np.float64) - expected).max())
    scale = float(np.abs(expected).max())
    return error, error / scale if scale else (0.0 if error == 0 else float("inf"))


def find_photos(places: Sequence[FilePath]) -> list[FilePath]:
    """Image files: those named, and those directly in the folders named, in order of name."""
    photos: list[FilePath] = []
    for place in places:
        if place.is_dir():
            inside = sorted(file for file in place.iterdir() if file.suffix.lower() in _PHOTOS)
            if not inside:
                raise DsnetError(f"{place}: no images ({', '.join(_PHOTOS)}) in this folder; name another")
            photos += inside
        else:
            photos.append(place)
    return photos
