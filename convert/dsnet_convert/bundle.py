"""Plan -> bundle (docs/bundle.md): every target's file, golden inputs and outputs, and the manifest, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.golden import golden_arrays, golden_images
from dsnet_convert.manifest import make_manifest
from dsnet_convert.sliced import write_sliced
from dsnet_convert.source import sha256
from dsnet_convert.stage import FILE_SUFFIXES, stages
from dsnet_convert.swap import staged
from dsnet_convert.workers import Job, run_jobs
from dsnet_edge.errors import BundleError, DsnetError, require_installed
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import MAP_TYPE, Precision
from dsnet_edge.runtime.manifest import check_manifest

if TYPE_CHECKING:
    from rich.console import Console

TARGETS = ("sliced", "executorch", "litert", "onnx", "ncnn")
_PRECISIONS: dict[str, tuple[Precision, ...]] = {
    "sliced": tuple(MAP_TYPE),
    "executorch": ("fp32", "int8"),
    "litert": ("fp32", "int8"),
    "onnx": ("fp32", "int8"),
    "ncnn": ("fp32",),
}
_MODULES = {"executorch": "executorch.exir", "litert": "litert_torch", "onnx": "onnx"}  # ncnn's files need none


@dataclass(frozen=True)
class Written:
    """What a conversion made."""

    folder: FilePath
    manifest: dict[str, Any]


def write_bundle(
    plan: Plan,
    output: FilePath,
    targets: Sequence[str],
    source: dict[str, Any],
    *,
    precision: Precision = "fp32",
    calibration: Calibration | None = None,
    photos: Sequence[FilePath] = (),
    console: Console | None = None,
) -> Written:
    """Writes a bundle of a routable fp32 plan in a precision; `model.dsnet` is always in it.

    An `output` that is a bundle is replaced in one step at the end, and stays whole if anything fails; one that is something
    else is refused. Golden images are the photos, or seeded noise without any.
    """
    output = output.resolve()  # a symbolic link stays one
    _check(plan, output, targets, precision)
    images = golden_images(plan, photos)
    deployed = in_precision(plan, precision, calibration)
    calibration = calibration if precision == "int8" else None
    about = {"source": source} | ({"calibration": calibration.description} if calibration else {})
    try:
        manifest = _write(plan, deployed, output, targets, about, images=images, calibration=calibration, console=console)
    except OSError as error:
        raise DsnetError(f"{output}: the bundle cannot be written ({error}); free space or choose another --output") from error
    return Written(output, manifest)


def _write(
    plan: Plan,
    deployed: Plan,
    output: FilePath,
    targets: Sequence[str],
    about: dict[str, Any],
    *,
    images: np.ndarray,
    calibration: Calibration | None,
    console: Console | None,
) -> dict[str, Any]:
    with staged(output) as folder, _Progress(console, _count(plan, targets)) as progress:
        write_sliced(deployed, folder / "model.dsnet")
        progress("sliced", "model.dsnet")
        _write_text(folder / "labels.txt", "".join(f"{label}\n" for label in plan.labels))
        jobs = _jobs(plan, targets)
        for target in FILE_SUFFIXES.keys() & targets:
            (folder / target).mkdir()
        if jobs:
            run_jobs(plan, folder, jobs, progress, calibration.images if calibration else None)
        _write_golden(folder / "golden", golden_arrays(plan, deployed, images))
        files = {name.relative_to(folder).as_posix(): _entry(name) for name in sorted(folder.rglob("*")) if name.is_file()}
        manifest = make_manifest(deployed, about, targets, files)
        check_manifest(manifest, str(folder / "manifest.json"))
        _write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return manifest


def _check(plan: Plan, output: FilePath, targets: Sequence[str], precision: Precision) -> None:
    """Everything that can be refused before minutes of work."""
    for target in targets:
        if target not in TARGETS:
            raise DsnetError(f"--to: there is no target {target!r}; choose from {', '.join(TARGETS)}")
        if precision not in _PRECISIONS[target]:
            known = ", ".join(_PRECISIONS[target])
            raise DsnetError(f"--to {target} writes {known}, not {precision}; choose another --precision, or --to sliced")
        if target in _MODULES:
            require_installed(_MODULES[target], target)
    for index, label in enumerate(plan.labels):
        if len(label.splitlines()) > 1:
            raise DsnetError(f"label {index}, {label!r}, is more than one line; labels.txt holds one a line, so rename it")
    if output.exists() and not _is_bundle(output):
        raise BundleError(f"{output} exists and is not a bundle; choose another --output or remove it first")


def _is_bundle(folder: FilePath) -> bool:
    from dsnet_edge.runtime.manifest import FORMAT

    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def _jobs(plan: Plan, targets: Sequence[str]) -> list[Job]:
    """The longest first: ExecuTorch's one file, then those of the targets with a file a stage."""
    jobs: list[Job] = [("executorch", "")] if "executorch" in targets else []
    return jobs + [(target, stage.name) for target in FILE_SUFFIXES if target in targets for stage in stages(plan)]


def _count(plan: Plan, targets: Sequence[str]) -> dict[str, int]:
    """Steps of each target, for the progress bars."""
    return {"sliced": 1} | {target: len(stages(plan)) for target in targets if target != "sliced"}


def _write_golden(folder: FilePath, arrays: Mapping[str, np.ndarray]) -> None:
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def _write_text(file: FilePath, text: str) -> None:
    file.write_text(text, "utf-8", newline="\n")


def _entry(file: FilePath) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": sha256(file)}


class _Progress:
    """A bar a target on the console, if there is one."""

    def __init__(self, console: Console | None, totals: dict[str, int]) -> None:
        from rich.progress import Progress

        self.bars = Progress(console=console, transient=True, disable=console is None)
        self.tasks = {target: self.bars.add_task(target, total=total) for target, total in totals.items()}

    def __enter__(self) -> _Progress:
        self.bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bars.stop()

    def __call__(self, target: str, stage: str) -> None:
        self.bars.update(self.tasks[target], advance=1, description=f"{target} {stage}")
