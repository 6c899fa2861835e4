"""Plan -> one `.tflite` a stage by another route than `dsnet_convert.litert`: torch -> ONNX -> onnx2tf -> TensorFlow Lite.

The pins of onnx2tf clash with those of the other converters, so it lives in an environment of its own (`make onnx2tf-env`) and is
called across a process boundary (`dsnet_convert.onnx2tf_process`): a `.onnx` file goes in, a `.tflite` comes out.

The ONNX is torch's own export and not that of `dsnet_convert.onnx`, whose vectors are `[1, c]`: onnx2tf guesses by shape what a
vector means that becomes a map, and where a map had as many rows as channels, it scaled the rows, with no word of it. So nothing
changes its rank here: vectors are maps of one pixel, at the boundary too, and linear layers are 1x1 convolutions.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dsnet_convert.graph import StageGraph, example_inputs, stage_inputs
from dsnet_convert.litert import check_delegation
from dsnet_convert.onnx2tf_process import interpreter, worker
from dsnet_convert.stage import Stage, stage_values, vectors
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision

_OPSET = 10  # the last one without constants as nodes, which onnx2tf does not take: the limits of a Clip


def write_litert_via_onnx2tf(
    plan: Plan, stage: Stage, file: FilePath, precision: Precision = "fp32", calibration: np.ndarray | None = None
) -> None:
    """A file of the signature and types that `dsnet_convert.litert` gives it; int8 needs `calibration` images `[n, h, w, 3]`.

    Raises DsnetError where the environment is missing or broken, the conversion fails, or XNNPACK would not run all of it.
    """
    with tempfile.TemporaryDirectory(prefix=".", dir=file.parent) as scratch:  # goes with a bundle that is given up
        onnx_file, samples = FilePath(scratch) / "stage.onnx", FilePath(scratch) / "calibration.npz"
        _write_onnx(plan, stage, onnx_file)
        if calibration is not None:
            _write_samples(plan, stage, calibration, samples)
        job = {
            "onnx": str(onnx_file),
            "inputs": _shapes(plan, stage, 0),
            "outputs": _shapes(plan, stage, 1),
            "precision": precision,
            "calibration": str(samples) if calibration is not None else None,
            "tflite": str(file.resolve()),
        }
        worker(interpreter()).run(stage.name, job)
    check_delegation(file, stage.name)


class _MapGraph(StageGraph):
    """The stage with its vectors as maps `[1, c, 1, 1]` at the boundary too."""

    def _enter(self, name: str, x: Tensor) -> Tensor:
        return x

    def _leave(self, name: str, x: Tensor) -> Tensor:
        return x


def _write_onnx(plan: Plan, stage: Stage, file: FilePath) -> None:
    inputs = tuple(x if x.ndim == 4 else x[..., None, None] for x in example_inputs(plan, stage, "nchw"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is the older one; the other needs onnxscript for the same few ops
        torch.onnx.export(_MapGraph(plan, stage, "nchw"), inputs, str(file), opset_version=_OPSET, dynamo=False)


def _shapes(plan: Plan, stage: Stage, side: int) -> list[list[int]]:
    """Of the stage's inputs (side 0) or outputs (side 1), as LiteRT takes and gives them."""
    names = stage_values(plan, stage.segment)[side]
    shapes = {name: plan.program.shape(name, stage.path) for name in names}
    return [[1, c] if name in vectors(plan) else [1, h, w, c] for name, (h, w, c) in shapes.items()]


def _write_samples(plan: Plan, stage: Stage, images: np.ndarray, file: FilePath) -> None:
    """What the stage takes for each of the images: `args_0`, `args_1` ..., each `[n, *shape]`."""
    columns = zip(*stage_inputs(plan, stage, images, "nhwc"), strict=True)
    arrays: dict[str, Any] = {f"args_{index}": torch.cat(column).numpy() for index, column in enumerate(columns)}
    np.savez(file, **arrays)
