"""Every path of every backend in a bundle against a reference, on real images.

Without a checkpoint the reference is the NumPy oracle of the bundle's precision. A backend that computes what the oracle does
(all in fp32 and fp16, ours in every precision) must stay within `TOLERANCE` of it, logits and scores, and choose its path. The
int8 of ExecuTorch, LiteRT and ONNX Runtime is their own, with other ranges and roundings, and has no oracle.

What a precision costs against the fp32 network is another question. The golden images come with that network's outputs, and a
checkpoint gives them for any image, from the PyTorch model itself. There fp32 must stay within its tolerance, and so must the
fp16 of other runtimes, which round the fp32 network by themselves. The rest is reported: no bound follows from the arithmetic,
and how much is acceptable depends on the use. `Floors` make it a criterion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path as FilePath

import numpy as np

from dsnet_convert.golden import Tick, no_tick, photo_images
from dsnet_convert.references import Reference, golden_fp32, oracle, trained
from dsnet_convert.shipped import shipped
from dsnet_convert.verify_report import BackendFacts, Comparison, PathResult, Report
from dsnet_edge.errors import DsnetError, require_installed
from dsnet_edge.plan.elements import Precision
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.bundle import Bundle, open_bundle
from dsnet_edge.runtime.golden import read_images
from dsnet_edge.runtime.measures import TOLERANCE, choices, difference
from dsnet_edge.runtime.self_test import RUNS_THE_PLAN, every_path


@dataclass(frozen=True)
class Floors:
    """What every path must reach against the fp32 network, where one is given."""

    agreement: float | None = None  # 0..1, of top-1
    snr_db: float | None = None

    def __bool__(self) -> bool:
        return (self.agreement, self.snr_db) != (None, None)


def verify_bundle(
    bundle: FilePath | Bundle,
    photos: Sequence[FilePath] = (),
    backends: Sequence[str] = (),
    threads: int = 1,
    *,
    against: FilePath | None = None,
    floors: Floors = Floors(),
    tick: Tick = no_tick,
) -> Report:
    """On the photos, or the bundle's golden images without any; all backends of the bundle, or those named.

    Raises DsnetError where the bundle, a photo, the checkpoint or an extra is unusable, or where nothing can be compared. A miss
    is no error: see `Report.passed`.
    """
    require_installed("gguf", "convert")
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    names = tuple(backends or bundle.backends)
    images = photo_images(bundle.input, photos) if photos else read_images(bundle)
    runners = {name: Runner(bundle, name, threads) for name in names}  # what cannot be opened fails before the slow part
    references, warnings = _references(bundle, images, bool(photos), names, against, threads, tick)
    if floors and not any(_is_fp32(reference, bundle.precision) for reference in references):
        raise DsnetError(
            "--min-agreement and --min-snr compare with the fp32 network; give --against CHECKPOINT, or leave out --images"
        )
    comparisons: list[Comparison] = []
    for name, runner in runners.items():
        scores, logits = every_path(runner, images, partial(tick, name))
        comparisons += [
            _compare(name, bundle, reference, scores, logits, floors)
            for reference in references
            if _comparable(name, bundle.precision, reference)
        ]
    return Report(
        str(bundle.folder),
        bundle.precision,
        len(images),
        bool(photos),
        {reference.kind: reference.name for reference in references},
        floors.agreement,
        floors.snr_db,
        tuple(BackendFacts(name, runner.backend.runtime, shipped(bundle, name)) for name, runner in runners.items()),
        tuple(comparisons),
        warnings,
    )


def _references(
    bundle: Bundle,
    images: np.ndarray,
    photos: bool,
    backends: Sequence[str],
    against: FilePath | None,
    threads: int,
    tick: Tick,
) -> tuple[list[Reference], tuple[str, ...]]:
    if against is not None:
        reference, warning = trained(bundle, against, images, threads, tick)
        return [reference], (warning,) if warning else ()
    references = [] if photos or bundle.precision == "fp32" else [golden_fp32(bundle, len(images))]
    alone = [name for name in backends if bundle.precision == "int8" and name not in RUNS_THE_PLAN]
    if len(alone) < len(backends):
        references.insert(0, oracle(bundle, images, tick))
    if not references:
        raise DsnetError(
            f"the int8 of {', '.join(alone)} has no oracle; give --against CHECKPOINT to compare it on photos, or no --images"
        )
    unseen = f"{', '.join(alone)}: int8 of their own, which needs --against CHECKPOINT to be compared on photos"
    return references, (unseen,) if photos and alone else ()


def _is_fp32(reference: Reference, precision: Precision) -> bool:
    return reference.kind != "oracle" or precision == "fp32"


def _comparable(backend: str, precision: Precision, reference: Reference) -> bool:
    return reference.kind != "oracle" or precision != "int8" or backend in RUNS_THE_PLAN


def tolerance_of(backend: str, precision: Precision, kind: str) -> float | None:
    """Of the relative errors of a backend against a reference; None where there is none."""
    rounds_by_itself = precision == "fp16" and backend not in RUNS_THE_PLAN
    return TOLERANCE[precision] if kind == "oracle" or precision == "fp32" or rounds_by_itself else None


def _compare(
    backend: str, bundle: Bundle, reference: Reference, scores: np.ndarray, logits: np.ndarray, floors: Floors
) -> Comparison:
    precision = bundle.precision
    tolerance = tolerance_of(backend, precision, reference.kind)
    floors = floors if _is_fp32(reference, precision) else Floors()
    paths = tuple(
        compare_path(path, found, expected, tolerance, floors)
        for path, (found, expected) in enumerate(zip(logits, reference.logits, strict=True))
    )
    gate = choices(scores, reference.scores, TOLERANCE[precision], bundle.n_choices)
    gate_passed = tolerance is None or (gate.all_right and gate.relative_error <= tolerance)
    return Comparison(backend, reference.kind, tolerance, paths, gate, gate_passed)


def compare_path(
    path: int, logits: np.ndarray, expected: np.ndarray, tolerance: float | None, floors: Floors = Floors()
) -> PathResult:
    """Logits `[n, classes]` each."""
    found = difference(logits, expected)
    passed = np.isfinite(found.max_abs_error) and (tolerance is None or found.relative_error <= tolerance)
    passed = passed and (floors.agreement is None or found.top1_agreement >= floors.agreement)
    passed = passed and (floors.snr_db is None or found.snr_db >= floors.snr_db)
    return PathResult(path, found, bool(passed))
