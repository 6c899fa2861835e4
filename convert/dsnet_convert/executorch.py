"""Plan -> a `.pte` a stage for ExecuTorch, its one method wholly delegated to XNNPACK. `merge_pte` makes one file of them.

Methods are called like the stages, and take and give what docs/bundle.md says; feature maps are NCHW with channels_last memory.
"""

from __future__ import annotations

import operator
from pathlib import Path as FilePath
from typing import Any

import torch

from dsnet_convert.graph import StageGraph, example_inputs, stage_inputs
from dsnet_convert.samples import Samples
from dsnet_convert.stage import Stage, stage_values
from dsnet_edge.errors import DsnetError, require
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision


def write_executorch(
    plan: Plan, stage: Stage, file: FilePath, precision: Precision = "fp32", samples: Samples | None = None
) -> None:
    """int8 learns the ranges of activations from samples.

    Raises DsnetError, naming the method and the op, where XNNPACK leaves an op behind.
    """
    exir = require("executorch.exir", "executorch")
    manager = exir.EdgeProgramManager({stage.name: lower(plan, stage, precision, samples)})
    program = manager.to_executorch(exir.ExecutorchBackendConfig(extract_delegate_segments=True))
    with file.open("wb") as stream:
        program.write_to_file(stream)


def lower(plan: Plan, stage: Stage, precision: Precision = "fp32", samples: Samples | None = None) -> Any:
    """The stage as an edge program of one XNNPACK delegate.

    fp16 takes and gives float16. int8 takes and gives float32: the delegate converts at its boundary (ExecuTorch 1.5.1 cannot
    run ours with quantised inputs), and XNNPACKQuantizer leaves SiLU in float. A feature is then taken as contiguous NCHW: the
    quantised product of a channels_last map and a vector is refused when it runs.

    `to_edge` and `to_backend` instead of `to_edge_transform_and_lower`: the latter traces every method three times over to
    keep ops from decomposing that our graphs do not contain.
    """
    exir = require("executorch.exir", "executorch")
    xnnpack = require("executorch.backends.xnnpack.partition.xnnpack_partitioner", "executorch")
    if samples is not None:
        exported = quantised(plan, stage, samples)
    else:
        graph, example = StageGraph(plan, stage, "nchw"), example_inputs(plan, stage, "nchw")
        if precision == "fp16":
            graph, example = graph.half(), tuple(tensor.half() for tensor in example)
        with torch.no_grad():
            exported = torch.export.export(graph, example)
    config = exir.EdgeCompileConfig(
        _check_ir_validity=False, _skip_dim_order=True, preserve_ops=[torch.ops.aten.max_pool2d.default]
    )
    edge = exir.to_edge(exported, compile_config=config)
    program = edge.to_backend(xnnpack.XnnpackPartitioner()).exported_program()
    check_delegation(program, stage.name)
    return program


def quantised(plan: Plan, stage: Stage, samples: Samples) -> torch.export.ExportedProgram:
    """The stage in int8, ranges of activations from the samples, before it is lowered."""
    from dsnet_convert.executorch_int8 import quantise

    example = example_inputs(plan, stage, "nchw")
    if stage_values(plan, stage.segment)[0] != (plan.program.image,):
        example = tuple(tensor.contiguous() for tensor in example)
    with torch.no_grad():
        exact = torch.export.export(StageGraph(plan, stage, "nchw"), example).module()
        int8 = quantise(exact, stage_inputs(plan, stage, samples.images, "nchw"), samples.estimator)
        return torch.export.export(int8, example)


def check_delegation(program: Any, method: str) -> None:
    """Raises unless the program is one delegate call and the picking of its outputs."""
    targets = [node.target for node in program.graph.nodes if node.op == "call_function"]
    names = [getattr(target, "__name__", str(target)) for target in targets if target is not operator.getitem]
    left = [name for name in names if name != "executorch_call_delegate"]
    if left or len(names) != 1:
        found = f"leaves {', '.join(sorted(set(left)))} to portable kernels" if left else f"splits it into {len(names)} delegates"
        raise DsnetError(f"executorch method {method}: XNNPACK {found}, expected one delegate; write the op as one it delegates")
