"""Plan -> one `.tflite` a stage for LiteRT, NHWC inside and at the boundary, all of it delegated to XNNPACK.

`merge_tflite` makes one file of them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.graph import StageGraph, example_inputs, stage_inputs
from dsnet_convert.litert_ranges import tensor_ranges
from dsnet_convert.samples import Samples
from dsnet_convert.stage import Stage
from dsnet_edge.errors import DsnetError, require
from dsnet_edge.plan import Plan
from dsnet_edge.runtime.litert_compiled import fully_delegated


def write_litert(plan: Plan, stage: Stage, file: FilePath) -> None:
    """Inputs and outputs are in the order of the stage's signature (docs/bundle.md).

    Raises DsnetError, as the other two, where XNNPACK leaves an op to other kernels.
    """
    _write_float(plan, stage, file)
    check_delegation(file, stage.name)


def write_litert_fp16(plan: Plan, stage: Stage, file: FilePath) -> None:
    """The same with weights in float16. Inputs, outputs and sums stay float32: XNNPACK widens the weights when it packs them."""
    with tempfile.TemporaryDirectory() as folder:
        float_file = FilePath(folder) / "float.tflite"
        _write_float(plan, stage, float_file)
        weights_in_fp16(float_file, file)
    check_delegation(file, stage.name)


def weights_in_fp16(float_file: FilePath, file: FilePath) -> None:
    quantizer = require("ai_edge_quantizer.quantizer", "litert")
    recipes = require("ai_edge_quantizer.recipe_manager", "litert").RecipeManager()
    every_op = require("ai_edge_quantizer.qtyping", "litert").TFLOperationName.ALL_SUPPORTED
    casting = require("ai_edge_quantizer.algorithm_manager", "litert").AlgorithmName.FLOAT_CASTING
    recipes.add_weight_only_config(".*", every_op, num_bits=16, algorithm_key=casting)
    quantised = quantizer.Quantizer(str(float_file), recipes.get_quantization_recipe())
    quantised.quantize(enable_progress_report=False).export_model(str(file), overwrite=True)


def write_litert_int8(plan: Plan, stage: Stage, samples: Samples, file: FilePath) -> None:
    """The same in int8, inputs and outputs too: weights by output channel, ranges of activations from samples.

    A feature map has the same scale and zero point in the stage that gives it and in those that take it, since the ranges of
    all of them come from the same images.
    """
    quantizer = require("ai_edge_quantizer.quantizer", "litert")
    recipe = require("ai_edge_quantizer.recipe", "litert")
    with tempfile.TemporaryDirectory() as folder:
        float_file = FilePath(folder) / "float.tflite"
        _write_float(plan, stage, float_file)
        inputs = [tuple(x.numpy() for x in tensors) for tensors in stage_inputs(plan, stage, samples.images, "nhwc")]
        quantised = quantizer.Quantizer(str(float_file), recipe.static_wi8_ai8())
        if samples.estimator is None:
            ranges = _own_ranges(quantised, float_file, inputs)
        else:
            ranges = tensor_ranges(float_file, plan.program.segment(stage.segment), inputs, samples.estimator)
        quantised.quantize(ranges, enable_progress_report=False).export_model(str(file), overwrite=True)
    check_delegation(file, stage.name)


def check_delegation(file: FilePath, stage: str) -> None:
    """Raises unless XNNPACK runs the whole graph."""
    if not fully_delegated(file):
        raise DsnetError(
            f"litert stage {stage}: XNNPACK leaves ops to other kernels, expected none; write them as ones it delegates"
        )


def _write_float(plan: Plan, stage: Stage, file: FilePath) -> None:
    litert_torch = require("litert_torch", "litert")
    model = litert_torch.convert(StageGraph(plan, stage, "nhwc"), example_inputs(plan, stage, "nhwc"))
    model.export(str(file))


def _own_ranges(quantised: Any, file: FilePath, inputs: list[tuple[np.ndarray, ...]]) -> dict[str, Any]:
    """ai-edge-quantizer's: averages of each image's extremes, weighted towards the first."""
    interpreter = require("ai_edge_litert.interpreter", "litert")
    ((signature, names),) = interpreter.Interpreter(model_path=str(file)).get_signature_list().items()
    return quantised.calibrate({signature: [dict(zip(sorted(names["inputs"]), x, strict=True)) for x in inputs]}, num_threads=1)
