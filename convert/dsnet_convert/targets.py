"""What each target writes: a file a stage in every precision it has, and, of some, one file made of those."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as FilePath

from dsnet_convert.samples import Samples
from dsnet_convert.stage import Stage
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import MAP_TYPE, Precision

TARGETS = ("sliced", "executorch", "litert", "onnx", "ncnn")
LITERT_ROUTES = {"litert-torch": "litert", "onnx2tf": "onnx2tf"}  # what writes the files of the target litert
PRECISIONS: dict[str, tuple[Precision, ...]] = {
    "sliced": tuple(MAP_TYPE),
    "executorch": ("fp32", "fp16", "int8"),
    "litert": ("fp32", "fp16", "int8"),
    "onnx2tf": ("fp32", "fp16", "int8"),
    "onnx": ("fp32", "fp16", "int8"),
    "ncnn": ("fp32",),
}
# Of the targets whose stages can be merged.
ONE_FILE = {"executorch": "model.pte", "litert": "model.tflite", "onnx2tf": "model.tflite"}


def routed(targets: Iterable[str], litert_via: str) -> list[str]:
    """The targets by what writes them, which for litert is one of two. Raises DsnetError for a name that is none."""
    targets = list(targets)
    for target in targets:
        if target not in TARGETS:
            raise DsnetError(f"--to: there is no target {target!r}; choose from {', '.join(TARGETS)}")
    if litert_via not in LITERT_ROUTES:
        raise DsnetError(f"--litert-via: there is no route {litert_via!r}; choose from {', '.join(LITERT_ROUTES)}")
    return [LITERT_ROUTES[litert_via] if target == "litert" else target for target in targets]


def write_stage(plan: Plan, target: str, stage: Stage, file: FilePath, precision: Precision, samples: Samples | None) -> None:
    """The stage of an fp32 plan in a precision; int8 learns its ranges from samples."""
    if target == "executorch":
        from dsnet_convert.executorch import write_executorch

        write_executorch(plan, stage, file, precision, samples)
    elif target == "litert":
        from dsnet_convert.litert import write_litert, write_litert_fp16, write_litert_int8

        if samples is not None:
            write_litert_int8(plan, stage, samples, file)
        elif precision == "fp16":
            write_litert_fp16(plan, stage, file)
        else:
            write_litert(plan, stage, file)
    elif target == "onnx2tf":
        from dsnet_convert.onnx2tf import write_litert_via_onnx2tf

        write_litert_via_onnx2tf(plan, stage, file, precision, samples.images if samples else None)
    elif target == "onnx":
        from dsnet_convert.onnx import write_onnx, write_onnx_int8

        if samples is None:
            write_onnx(plan, stage, file, precision)
        else:
            write_onnx_int8(plan, stage, samples.images, file)
    else:
        from dsnet_convert.ncnn import write_ncnn

        write_ncnn(plan, stage, file)


def merge_stages(target: str, files: dict[str, FilePath], output: FilePath) -> None:
    """One file of the stages' files, which come by name."""
    if target == "executorch":
        from dsnet_convert.merge_pte import merge_pte

        merge_pte(files, output)
    else:
        from dsnet_convert.merge_tflite import merge_tflite

        merge_tflite(files, output)
