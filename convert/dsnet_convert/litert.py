"""Plan -> one `.tflite` a stage for LiteRT, NHWC inside and at the boundary."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath

import numpy as np

from dsnet_convert.graph import StageGraph, example_inputs, stage_inputs
from dsnet_convert.stage import Stage
from dsnet_edge.errors import require
from dsnet_edge.plan import Plan


def write_litert(plan: Plan, stage: Stage, file: FilePath) -> None:
    """Inputs and outputs are in the order of the stage's signature (docs/bundle.md)."""
    litert_torch = require("litert_torch", "litert")
    model = litert_torch.convert(StageGraph(plan, stage, "nhwc"), example_inputs(plan, stage, "nhwc"))
    model.export(str(file))


def write_litert_int8(plan: Plan, stage: Stage, images: np.ndarray, file: FilePath) -> None:
    """The same in int8, inputs and outputs too: weights by output channel, ranges of activations from `images` `[n, h, w, 3]`.

    A feature map has the same scale and zero point in the stage that gives it and in those that take it, since the ranges of
    all of them come from the same images.
    """
    quantizer = require("ai_edge_quantizer.quantizer", "litert")
    recipe = require("ai_edge_quantizer.recipe", "litert")
    interpreter = require("ai_edge_litert.interpreter", "litert")
    with tempfile.TemporaryDirectory() as folder:
        float_file = FilePath(folder) / "float.tflite"
        write_litert(plan, stage, float_file)
        ((signature, names),) = interpreter.Interpreter(model_path=str(float_file)).get_signature_list().items()
        inputs = stage_inputs(plan, stage, images, "nhwc")
        samples = [dict(zip(sorted(names["inputs"]), (tensor.numpy() for tensor in tensors), strict=True)) for tensors in inputs]
        quantised = quantizer.Quantizer(str(float_file), recipe.static_wi8_ai8())
        ranges = quantised.calibrate({signature: samples}, num_threads=1)
        quantised.quantize(ranges, enable_progress_report=False).export_model(str(file), overwrite=True)
