"""The manifest of a bundle, as docs/bundle.md describes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from dsnet_convert.stage import stage_file, stage_names
from dsnet_convert.targets import ONE_FILE
from dsnet_convert.tools import tools
from dsnet_edge.arch import Path
from dsnet_edge.plan import Plan, Program
from dsnet_edge.runtime.bundle import target_of
from dsnet_edge.runtime.manifest import FORMAT, GATES_VERSION, VERSION
from dsnet_edge.runtime.stages import StageNames


def make_manifest(
    plan: Plan, about: dict[str, Any], targets: Sequence[str], merged: Collection[str], files: dict[str, Any]
) -> dict[str, Any]:
    """`about` holds `source` and, of int8, `calibration`; `merged` are the targets with one file; `files` are all but the
    manifest itself, with bytes and SHA-256.
    """
    program, one_gate = plan.program, len(plan.program.gates) == 1
    spec = plan.input
    return {
        "format": FORMAT,
        "version": VERSION if one_gate else GATES_VERSION,
        "name": program.name,
        "precision": program.precision,
        **about,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tools": tools({"sliced", *targets}),
        "input": {
            "height": spec.height,
            "width": spec.width,
            "mean": list(spec.mean),
            "std": list(spec.std),
            "color": spec.color,
            "resize": spec.resize,
            "interpolation": spec.interpolation,
        },
        "n_classes": len(plan.labels),
        "labels": "labels.txt",
        **({} if one_gate else {"gates": [len(gate) for gate in program.space.gates] if program.gates else []}),
        "segments": {
            segment: {
                "madds": program.madds(program.paths[0], segment),
                "parameters": program.parameters(program.paths[0], segment),
            }
            for segment in program.levels[0]
            if program.segment(segment)
        },
        "paths": [_path(plan, index, path) for index, path in enumerate(program.paths)],
        "arena_bytes": plan.arena_bytes,
        "backends": _backends(targets, merged, stage_names(plan)),
        "golden": {name[7:-4]: name for name in files if name.startswith("golden/")},
        "files": files,
    }


def _path(plan: Plan, index: int, path: Path) -> dict[str, Any]:
    return {
        "index": index,
        **({"choice": path.choices[0]} if len(plan.program.gates) == 1 else {"choices": list(path.choices)}),
        "madds": plan.program.madds(path),
        "parameters": plan.program.parameters(path),
        "weight_bytes": plan.weight_bytes(path),
        "activation_bytes": plan.program.activation_bytes(path),
        "channels": _block_channels(plan.program, path),
    }


def _block_channels(program: Program, path: Path) -> list[int]:
    """Output channels of every block: of its last convolution."""
    last = {op.name.split(".")[1]: op.output for op in program.ops if op.kind in ("conv2d", "pointwise")}
    return [program.shape(value, path)[2] for value in last.values()]


def _backends(targets: Sequence[str], merged: Collection[str], names: StageNames) -> dict[str, Any]:
    backends: dict[str, Any] = {"sliced": {"file": "model.dsnet"}}
    for backend in ("executorch", "litert", "onnxruntime", "ncnn"):
        via = {"via": "onnx2tf"} if backend == "litert" and "onnx2tf" in targets else {}
        target = via.get("via") or target_of(backend)
        if target in targets:
            backends[backend] = via | ({"file": ONE_FILE[target]} if target in merged else _stage_files(target, names))
    return backends


def _stage_files(target: str, names: StageNames) -> dict[str, Any]:
    files = {stage: stage_file(target, stage) for stage in names.all()}
    if names.n_gates != 1:
        return {"stages": files}
    prefix, gate, *suffixes = files.values()
    return {"prefix": prefix, "gate": gate, "suffixes": suffixes}
