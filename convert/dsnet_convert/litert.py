"""Plan -> one `.tflite` a stage for LiteRT, NHWC inside and at the boundary."""

from __future__ import annotations

from pathlib import Path as FilePath

from dsnet_convert.graph import Stage, StageGraph, example_inputs
from dsnet_edge.errors import require
from dsnet_edge.plan import Plan


def write_litert(plan: Plan, stage: Stage, file: FilePath) -> None:
    """Inputs and outputs are in the order of the stage's signature (docs/bundle.md)."""
    litert_torch = require("litert_torch", "litert")
    model = litert_torch.convert(StageGraph(plan, stage, "nhwc"), example_inputs(plan, stage, "nhwc"))
    model.export(str(file))
