"""Plan -> bundle (docs/bundle.md): every target's files, golden inputs and outputs, and the manifest, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from dsnet_convert.cache import Cache
from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.files import save_array
from dsnet_convert.golden import golden_arrays, golden_images, own_arrays
from dsnet_convert.manifest import make_manifest
from dsnet_convert.onnx2tf_process import tool_versions
from dsnet_convert.output import bundle_folder
from dsnet_convert.progress import Progress
from dsnet_convert.samples import Samples
from dsnet_convert.sliced import write_sliced
from dsnet_convert.source import sha256
from dsnet_convert.stage import stages
from dsnet_convert.stage_files import write_stage_files
from dsnet_convert.targets import ONE_FILE, PRECISIONS, routed
from dsnet_edge.errors import DsnetError, require_installed
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.runtime.manifest import check_manifest

if TYPE_CHECKING:
    from rich.console import Console

_NEEDS = {  # an extra, and the modules that it brings for some precision or other; ncnn's files need none
    "sliced": ("convert", ("gguf",)),
    "executorch": ("executorch", ("executorch.exir", "torch", "torchao")),
    "litert": ("litert", ("litert_torch", "torch", "ai_edge_litert", "ai_edge_quantizer")),
    "onnx2tf": ("litert", ("torch",)),
    "onnx": ("onnx", ("onnx", "onnxruntime")),
}


@dataclass(frozen=True)
class Written:
    """What a conversion made."""

    folder: FilePath
    manifest: dict[str, Any]
    from_cache: int  # files that were not converted again


def write_bundle(
    plan: Plan,
    output: FilePath,
    targets: Sequence[str],
    source: dict[str, Any],
    *,
    precision: Precision = "fp32",
    calibration: Calibration | None = None,
    photos: Sequence[FilePath] = (),
    merged: Collection[str] = ("executorch",),
    litert_via: str = "litert-torch",
    cache: Cache | None = None,
    console: Console | None = None,
) -> Written:
    """Writes a bundle of a routable fp32 plan in a precision; `model.dsnet` is always in it.

    An `output` that is a bundle is replaced in one step at the end, and stays whole if anything fails; one that is something
    else is refused. Golden images are the photos, or seeded noise without any. Targets in `merged` get one file instead of one a
    stage. `litert_via` names what converts to LiteRT. With a `cache`, stages that it holds are not converted again.
    """
    output = FilePath(os.path.realpath(output))  # a symbolic link stays one
    merged = routed([target for target in targets if target in merged], litert_via)
    targets = routed(targets, litert_via)
    _check(plan, targets, precision, merged)
    images = golden_images(plan, photos)
    with Progress(console, targets, merged, len(stages(plan))) as progress, bundle_folder(output) as folder:
        progress.begin("calibrating" if precision == "int8" else "reading")
        deployed = in_precision(plan, precision, calibration)
        calibration = calibration if precision == "int8" else None
        about = {"source": source} | ({"calibration": calibration.description} if calibration else {})
        write_sliced(deployed, folder / "model.dsnet")
        _write_text(folder / "labels.txt", "".join(f"{label}\n" for label in plan.labels))
        samples = Samples(calibration.images, calibration.estimator) if calibration else None
        from_cache = write_stage_files(plan, folder, targets, merged, precision, samples, cache, progress)
        progress.begin("golden outputs")
        _write_golden(folder / "golden", golden_arrays(plan, deployed, images))
        manifest = _write_manifest(folder, deployed, about, targets, merged)
        if precision != "fp32":  # the others' rounding is their own, so they run what is written
            _write_golden(folder / "golden", own_arrays(folder))
            manifest = _write_manifest(folder, deployed, about, targets, merged)
    return Written(output, manifest, from_cache)


def _check(plan: Plan, targets: Sequence[str], precision: Precision, merged: Sequence[str]) -> None:
    """Everything that can be refused before minutes of work."""
    for target in targets:
        if precision not in PRECISIONS[target]:
            known = ", ".join(PRECISIONS[target])
            raise DsnetError(f"--to {target} writes {known}, not {precision}; choose another --precision, or --to sliced")
        if target == "onnx2tf":
            require_installed("onnx", "onnx")  # for torch's export
            tool_versions()  # raises where its environment is missing or broken
    if any(op.kind == "group_norm" for op in plan.program.ops):
        _check_group_norm(targets, precision)
    for target in (*(target for target in targets if target != "sliced"), "sliced"):  # whose extra is part of the others
        extra, modules = _NEEDS.get(target, ("", ()))
        for module in modules:
            require_installed(module, extra)
    for target in merged:
        if target not in ONE_FILE:
            raise DsnetError(f"{target} has no form of one file, only {', '.join(ONE_FILE)}; leave it a file a stage")
    for index, label in enumerate(plan.labels):
        if len(label.splitlines()) > 1:
            raise DsnetError(f"label {index}, {label!r}, is more than one line; labels.txt holds one a line, so rename it")


def _check_group_norm(targets: Sequence[str], precision: Precision) -> None:
    """Group norm computes statistics of every image, which the tools that quantise for other runtimes do not know as one op."""
    for target in targets:
        known = {"sliced": PRECISIONS["sliced"], "executorch": ("fp32", "fp16"), "litert": ("fp32", "fp16")}.get(target, ())
        if precision not in known:
            reason = f"{precision} of a network with group norm" if known else "a network with group norm"
            raise DsnetError(f"--to {target} does not write {reason}; choose --to sliced, or executorch or litert in fp32")


def _write_manifest(
    folder: FilePath, plan: Plan, about: dict[str, Any], targets: Sequence[str], merged: Collection[str]
) -> dict[str, Any]:
    """Of all files that are there by now."""
    written = [name for name in sorted(folder.rglob("*")) if name.is_file() and name != folder / "manifest.json"]
    manifest = make_manifest(
        plan, about, targets, merged, {name.relative_to(folder).as_posix(): _entry(name) for name in written}
    )
    check_manifest(manifest, str(folder / "manifest.json"))
    _write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return manifest


def _write_golden(folder: FilePath, arrays: Mapping[str, np.ndarray]) -> None:
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        save_array(folder / f"{name}.npy", array)


def _write_text(file: FilePath, text: str) -> None:
    file.write_text(text, "utf-8", newline="\n")


def _entry(file: FilePath) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": sha256(file)}
