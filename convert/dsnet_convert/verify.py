"""Every path of every backend in a bundle against the NumPy oracle of its plan, on real images.

Tolerance: on every path `max|a - b| / max|b|` of the logits is at most 1e-4 in fp32, and so is that of the gate's scores; and the
gate chooses the oracle's path. The other precisions round every feature map, and a sum that falls on the other side of a
rounding boundary is off by a whole step; an untrained network can amplify one such step of int8 to 2 % of the largest logit. So
theirs are wider, and what the kernels owe to the bit is tested on the ops (`tests/native`).

Where the oracle's two best scores lie closer together than the backend's own error on the scores may be, both paths are right
answers: such an image is a near tie, and counted, but not a miss.

The int8 of ExecuTorch, LiteRT and ONNX Runtime is their own, with other ranges and roundings, and has no oracle here.

What a precision costs against fp32 is another question, and reported beside: on the golden images, whose fp32 outputs the bundle
holds. It is no miss: how much is acceptable depends on the use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from dsnet_convert.golden import Golden, golden_images, golden_outputs
from dsnet_edge import _native
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.bundle import Bundle, open_bundle

if TYPE_CHECKING:
    from rich.console import RenderableType

TOLERANCE: dict[Precision, float] = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 5e-2, "int8": 0.1}

_RUNS_INT8_PLAN = ("sliced", "numpy")


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
class Fidelity:
    """One path of one backend against the fp32 network, over the golden images."""

    backend: str
    path: int
    snr_db: float  # of the logits
    relative_error: float
    top1_agreement: float  # 0..1


@dataclass(frozen=True)
class Report:
    bundle: str
    precision: Precision
    images: int
    tolerance: float
    paths: tuple[PathResult, ...]
    gates: tuple[GateResult, ...]
    fidelity: tuple[Fidelity, ...]  # empty in fp32, and on photos

    @property
    def passed(self) -> bool:
        return all(path.passed for path in self.paths) and all(gate.passed for gate in self.gates)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed}

    def table(self) -> RenderableType:
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
    exact = None if photos or bundle.precision == "fp32" else _golden(bundle, "fp32_logits", golden.logits.shape)
    tolerance = TOLERANCE[bundle.precision]
    paths: list[PathResult] = []
    gates: list[GateResult] = []
    fidelity: list[Fidelity] = []
    for backend in backends or bundle.backends:
        runner = Runner(bundle, backend, threads)
        found = [[runner.infer(image, path) for image in golden.images] for path in range(bundle.n_paths)]
        logits = np.array([[stages.logits for stages in row] for row in found])
        if bundle.precision != "int8" or backend in _RUNS_INT8_PLAN:
            paths += [compare_path(backend, path, logits[path], golden.logits[path], tolerance) for path in range(bundle.n_paths)]
            gates.append(compare_gate(backend, np.array([stages.scores for stages in found[0]]), golden.scores, tolerance))
        if exact is not None:
            fidelity += [compare_fp32(backend, path, logits[path], exact[path]) for path in range(bundle.n_paths)]
    return Report(
        str(bundle.folder), bundle.precision, len(golden.images), tolerance, tuple(paths), tuple(gates), tuple(fidelity)
    )


def oracle_outputs(bundle: Bundle, photos: Sequence[FilePath]) -> Golden:
    """The oracle's outputs, computed afresh: golden outputs that have aged with an old file would prove nothing."""
    file = bundle.file(bundle.backend_files("sliced")["file"])
    try:
        _native.Model(str(file)).check()
    except _native.Error as error:
        raise BundleError(str(error)) from error
    plan = read_sliced(file)
    if photos:
        return golden_outputs(plan, golden_images(plan, photos))
    images = _golden(bundle, "images", (-1, bundle.input.height, bundle.input.width, 3))
    return golden_outputs(plan, images)


def _golden(bundle: Bundle, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """A stored array; -1 in `shape` is any number above 0."""
    name = bundle.manifest["golden"][key]
    try:
        array = np.load(bundle.file(name), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BundleError(f"{bundle.folder / name}: not a readable array ({error}); convert the checkpoint again") from error
    fits = len(shape) == array.ndim and all(size in (found, -1) and found for size, found in zip(shape, array.shape, strict=True))
    if not fits or array.dtype != np.float32:
        expected = ["n" if size == -1 else size for size in shape]
        found = f"{array.dtype} {list(array.shape)}"
        raise BundleError(f"{bundle.folder / name}: float32 {expected} expected, found {found}; convert it again")
    return array


def compare_path(
    backend: str, path: int, logits: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE["fp32"]
) -> PathResult:
    """`[n, classes]` each."""
    error, relative = _errors(logits, expected)
    agreement = float((logits.argmax(1) == expected.argmax(1)).mean())
    return PathResult(backend, path, error, relative, agreement, relative <= tolerance)


def compare_fp32(backend: str, path: int, logits: np.ndarray, exact: np.ndarray) -> Fidelity:
    """`[n, classes]` each."""
    _, relative = _errors(logits, exact)
    noise = float(((logits.astype(np.float64) - exact) ** 2).sum())
    snr_db = 10 * float(np.log10((exact.astype(np.float64) ** 2).sum() / noise)) if noise else float("inf")
    return Fidelity(backend, path, snr_db, relative, float((logits.argmax(1) == exact.argmax(1)).mean()))


def compare_gate(backend: str, scores: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE["fp32"]) -> GateResult:
    """`[n, P]` each. A choice may differ where its score is within the tolerance of the oracle's best, on both sides of it."""
    _, relative = _errors(scores, expected)
    choice = scores.argmax(1)
    same = choice == expected.argmax(1)
    margin = expected.max(1) - np.take_along_axis(expected, choice[:, None], 1)[:, 0]
    tie = ~same & (margin <= 2 * tolerance * np.abs(expected).max())
    passed = bool((same | tie).all()) and relative <= tolerance
    return GateResult(backend, relative, int(same.sum()), int(tie.sum()), len(scores), passed)


def _errors(found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Largest absolute error, and that over the largest expected value; infinite where a value is not finite."""
    if not np.isfinite(found).all():
        return float("inf"), float("inf")
    error = float(np.abs(found.astype(np.float64) - expected).max())
    scale = float(np.abs(expected).max())
    return error, error / scale if scale else (0.0 if error == 0 else float("inf"))
