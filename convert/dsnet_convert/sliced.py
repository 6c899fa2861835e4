"""Plan -> `model.dsnet`: one GGUF file with the program as metadata and every weight once (docs/format.md)."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.files import Checked
from dsnet_convert.layout import pack_conv2d, pack_panels, pack_taps, pad_channels
from dsnet_edge.errors import require
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.model_file import FORMAT_VERSION, panel_group
from dsnet_edge.plan.program import Program
from dsnet_edge.plan.quant import Quant

ALIGNMENT = 64


def write_sliced(plan: Plan, file: FilePath) -> None:
    """Writes a routable plan. The file appears under its name only when it is complete."""
    gguf = require("gguf", "convert")
    partial = file.with_name(file.name + ".partial")
    writer = gguf.GGUFWriter(partial, "dsnet")
    writer.add_custom_alignment(ALIGNMENT)
    for key, (kind, value) in _metadata(plan).items():
        if kind.endswith("[]"):
            writer.add_key_value(key, value, gguf.GGUFValueType.ARRAY, sub_type=getattr(gguf.GGUFValueType, kind[:-2]))
        else:
            writer.add_key_value(key, value, getattr(gguf.GGUFValueType, kind))
    for name, array in _tensors(plan).items():
        if array.dtype == np.uint16:  # bfloat16, which the writer takes as bytes
            writer.add_tensor(name, array.view(np.uint8).view(Checked), raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            writer.add_tensor(name, array.view(Checked))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(file)


def _metadata(plan: Plan) -> dict[str, tuple[str, Any]]:
    """Key -> (GGUF type, value), in the order of the format's table."""
    program, spec, quant = plan.program, plan.input, plan.quant
    value_index = {value.name: index for index, value in enumerate(program.values)}
    n_paths = len(program.paths)
    ops, segments = program.ops, program.segments
    metadata = {
        "general.name": ("STRING", program.name),
        "dsnet.format_version": ("UINT32", FORMAT_VERSION),
        "dsnet.precision": ("STRING", program.precision),
        "dsnet.input.value": ("UINT32", value_index[program.image]),
        "dsnet.input.mean": ("FLOAT32[]", list(spec.mean)),
        "dsnet.input.std": ("FLOAT32[]", list(spec.std)),
        "dsnet.input.resize": ("UINT32", spec.resize),
        "dsnet.input.interpolation": ("STRING", spec.interpolation),
        "dsnet.labels": ("STRING[]", list(plan.labels)),
        "dsnet.path.choice": ("INT32[]", [choice for path in program.paths for choice in path.choices]),
        "dsnet.path.madds": ("UINT64[]", [program.madds(path) for path in program.paths]),
        "dsnet.value.name": ("STRING[]", [value.name for value in program.values]),
        "dsnet.value.height": ("UINT32[]", [value.height for value in program.values]),
        "dsnet.value.width": ("UINT32[]", [value.width for value in program.values]),
        "dsnet.value.channels": ("UINT32[]", [c for value in program.values for c in value.channels]),
        "dsnet.value.type": ("STRING[]", [value.type for value in program.values]),
        "dsnet.segment.name": ("STRING[]", list(segments)),
        "dsnet.op.name": ("STRING[]", [op.name for op in ops]),
        "dsnet.op.kind": ("STRING[]", [op.kind for op in ops]),
        "dsnet.op.segment": ("UINT32[]", [segments.index(op.segment) for op in ops]),
        "dsnet.op.input": ("INT32[]", [value_index[op.input] for op in ops]),
        "dsnet.op.input2": ("INT32[]", [value_index[op.input2] if op.input2 else -1 for op in ops]),
        "dsnet.op.output": ("INT32[]", [value_index[op.output] for op in ops]),
        "dsnet.op.kernel": ("UINT32[]", [op.kernel for op in ops]),
        "dsnet.op.stride": ("UINT32[]", [op.stride for op in ops]),
        "dsnet.op.padding": ("UINT32[]", [op.padding for op in ops]),
        "dsnet.op.activation": ("STRING[]", [op.activation for op in ops]),
        "dsnet.op.weight": ("STRING[]", [f"{op.name}.weight" if op.has_weight else "" for op in ops]),
        "dsnet.op.scale": ("STRING[]", [_epilogue_name(plan, op, "scale") for op in ops]),
        "dsnet.op.shift": ("STRING[]", [_epilogue_name(plan, op, "shift") for op in ops]),
        "dsnet.op.sums": ("STRING[]", [f"{op.name}.sums" if quant and op.name in quant.sums else "" for op in ops]),
        "dsnet.op.table": ("STRING[]", [f"{op.name}.table" if quant and op.name in quant.tables else "" for op in ops]),
        "dsnet.op.row": ("UINT32[]", [row for op in ops for row in (op.rows or (0,) * n_paths)]),
        "dsnet.norm_eps": ("FLOAT32", plan.norm_eps),
        "dsnet.gate.count": ("UINT32", len(program.gates)),
        "dsnet.logits": ("UINT32", value_index[program.logits]),
    }
    if program.gates:  # the container has no empty arrays
        metadata["dsnet.gate.scores"] = ("INT32[]", [value_index[scores] for scores in program.gates])
    return metadata | (_value_parameters(program, quant) if quant else {})


def _value_parameters(program: Program, quant: Quant) -> dict[str, tuple[str, Any]]:
    """Scale and zero point of every value on every path: 1 and 0 where it is no i8."""
    n_paths = len(program.paths)
    scales = [quant.scales.get(value.name, np.ones(n_paths)) for value in program.values]
    zero_points = [quant.zero_points.get(value.name, np.zeros(n_paths)) for value in program.values]
    return {
        "dsnet.value.scale": ("FLOAT32[]", [float(scale) for scale in np.concatenate(scales)]),
        "dsnet.value.zero_point": ("INT32[]", [int(zero_point) for zero_point in np.concatenate(zero_points)]),
    }


def _epilogue_name(plan: Plan, op: Op, part: str) -> str:
    present = op.has_epilogue and getattr(plan.epilogues[op.name], part) is not None
    return f"{op.name}.{part}" if present else ""


def _tensors(plan: Plan) -> dict[str, np.ndarray]:
    """The arena in execution order, so that a prefix's weights lie together."""
    tensors = {}
    for op in plan.program.ops:
        if op.has_weight:
            tensors[f"{op.name}.weight"] = _packed(plan, op)
        for part in ("scale", "shift"):
            if op.has_epilogue and (rows := getattr(plan.epilogues[op.name], part)) is not None:
                tensors[f"{op.name}.{part}"] = pad_channels(rows)
        if plan.quant and op.name in plan.quant.sums:
            tensors[f"{op.name}.sums"] = pad_channels(plan.quant.sums[op.name])
        if plan.quant and op.name in plan.quant.tables:
            tensors[f"{op.name}.table"] = plan.quant.tables[op.name]
    return tensors


def _packed(plan: Plan, op: Op) -> np.ndarray:
    weight, group = plan.tensors[f"{op.name}.weight"], panel_group(plan.program, op)
    if op.kind == "depthwise":
        return pack_taps(weight)
    return pack_conv2d(weight, group) if op.kind == "conv2d" else pack_panels(weight, group)
