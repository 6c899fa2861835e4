"""Plan <-> `model.dsnet`: one GGUF file with the program as metadata and every weight once (docs/format.md)."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.layout import TILE, pack_panels, pack_taps, pad_channels, unpack_panels, unpack_taps
from dsnet_edge.arch import Path, PathSpace
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan import Epilogue, InputSpec, Op, Plan, Program, Value
from dsnet_edge.plan.program import SEGMENTS

FORMAT_VERSION = 1
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
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(file)


def _metadata(plan: Plan) -> dict[str, tuple[str, Any]]:
    """Key -> (GGUF type, value), in the order of the format's table."""
    program, spec = plan.program, plan.input
    value_index = {value.name: index for index, value in enumerate(program.values)}
    n_paths = len(program.paths)
    ops = program.ops
    return {
        "general.name": ("STRING", program.name),
        "dsnet.format_version": ("UINT32", FORMAT_VERSION),
        "dsnet.tile": ("STRING", TILE),
        "dsnet.input.value": ("UINT32", value_index[program.image]),
        "dsnet.input.mean": ("FLOAT32[]", list(spec.mean)),
        "dsnet.input.std": ("FLOAT32[]", list(spec.std)),
        "dsnet.input.resize": ("UINT32", spec.resize),
        "dsnet.input.interpolation": ("STRING", spec.interpolation),
        "dsnet.labels": ("STRING[]", list(plan.labels)),
        "dsnet.path.choice": ("INT32[]", [path.choices[0] for path in program.paths]),
        "dsnet.path.madds": ("UINT64[]", [program.madds(path) for path in program.paths]),
        "dsnet.value.name": ("STRING[]", [value.name for value in program.values]),
        "dsnet.value.height": ("UINT32[]", [value.height for value in program.values]),
        "dsnet.value.width": ("UINT32[]", [value.width for value in program.values]),
        "dsnet.value.channels": ("UINT32[]", [c for value in program.values for c in value.channels]),
        "dsnet.segment.name": ("STRING[]", list(SEGMENTS)),
        "dsnet.op.name": ("STRING[]", [op.name for op in ops]),
        "dsnet.op.kind": ("STRING[]", [op.kind for op in ops]),
        "dsnet.op.segment": ("UINT32[]", [SEGMENTS.index(op.segment) for op in ops]),
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
        "dsnet.op.row": ("UINT32[]", [row for op in ops for row in (op.rows or (0,) * n_paths)]),
        "dsnet.scores": ("UINT32", value_index[program.scores]),
        "dsnet.logits": ("UINT32", value_index[program.logits]),
    }


def _epilogue_name(plan: Plan, op: Op, part: str) -> str:
    present = op.has_weight and getattr(plan.epilogues[op.name], part) is not None
    return f"{op.name}.{part}" if present else ""


def _tensors(plan: Plan) -> dict[str, np.ndarray]:
    """The arena in execution order, so that a prefix's weights lie together."""
    tensors = {}
    for op in plan.program.ops:
        if not op.has_weight:
            continue
        weight, epilogue = plan.tensors[f"{op.name}.weight"], plan.epilogues[op.name]
        tensors[f"{op.name}.weight"] = pack_taps(weight) if op.kind == "depthwise" else pack_panels(weight)
        for part in ("scale", "shift"):
            if (rows := getattr(epilogue, part)) is not None:
                tensors[f"{op.name}.{part}"] = pad_channels(rows)
    return tensors


def read_sliced(file: FilePath) -> Plan:
    """The Plan inside a `model.dsnet`, for the oracle. The native runtime has its own, stricter reader."""
    gguf = require("gguf", "convert")
    if not file.is_file():
        raise BundleError(f"{file}: no such file; convert the checkpoint again")
    try:
        reader = gguf.GGUFReader(file)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        if fields.get("dsnet.format_version") != FORMAT_VERSION:
            found = fields.get("dsnet.format_version")
            raise BundleError(f"{file}: dsnet.format_version is {found}, this version reads {FORMAT_VERSION}; convert it again")
        program = _program(fields)
        tensors = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
        return _plan(program, fields, tensors)
    except BundleError:
        raise
    except Exception as error:  # the reader's own errors are of every kind, and the file is untrusted
        raise BundleError(f"{file}: not a valid model.dsnet ({type(error).__name__}: {error}); convert it again") from error


def _program(fields: dict[str, Any]) -> Program:
    paths = tuple(Path((choice,)) for choice in fields["dsnet.path.choice"])
    n = len(paths)
    names = fields["dsnet.value.name"]
    values = tuple(
        Value(name, height, width, tuple(fields["dsnet.value.channels"][i * n : (i + 1) * n]))
        for i, (name, height, width) in enumerate(
            zip(names, fields["dsnet.value.height"], fields["dsnet.value.width"], strict=True)
        )
    )
    ops = tuple(_op(fields, index, names, n) for index in range(len(fields["dsnet.op.name"])))
    space = PathSpace(((paths[0].choices[0], paths[-1].choices[0] + 1),), paths[-1])
    image, scores, logits = (names[fields[f"dsnet.{key}"]] for key in ("input.value", "scores", "logits"))
    return Program(fields["general.name"], space, paths, values, ops, image, scores, logits)


def _op(fields: dict[str, Any], index: int, names: list[str], n_paths: int) -> Op:
    def at(key: str) -> Any:
        return fields[f"dsnet.op.{key}"][index]

    input2 = at("input2")
    has_epilogue = bool(at("scale") or at("shift"))
    return Op(
        name=at("name"),
        kind=at("kind"),
        segment=SEGMENTS[at("segment")],
        input=names[at("input")],
        output=names[at("output")],
        input2=names[input2] if input2 >= 0 else None,
        kernel=at("kernel"),
        stride=at("stride"),
        padding=at("padding"),
        activation=at("activation"),
        rows=tuple(fields["dsnet.op.row"][index * n_paths : (index + 1) * n_paths]) if has_epilogue else (),
    )


def _plan(program: Program, fields: dict[str, Any], packed: dict[str, np.ndarray]) -> Plan:
    widest = program.paths[-1]
    tensors, epilogues = {}, {}
    for op in program.ops:
        if not op.has_weight:
            continue
        shape = program.weight_shape(op, widest)
        weight = packed[f"{op.name}.weight"]
        depthwise = op.kind == "depthwise"
        tensors[f"{op.name}.weight"] = unpack_taps(weight, shape[0], op.kernel) if depthwise else unpack_panels(weight, shape)
        parts = (packed.get(f"{op.name}.{part}") for part in ("scale", "shift"))
        scale, shift = (None if rows is None else np.ascontiguousarray(rows[:, : shape[0]]) for rows in parts)
        epilogues[op.name] = Epilogue(scale, shift)
    height, width, _ = program.shape(program.image, widest)
    spec = InputSpec(
        height=height,
        width=width,
        mean=tuple(fields["dsnet.input.mean"]),
        std=tuple(fields["dsnet.input.std"]),
        resize=fields["dsnet.input.resize"],
        interpolation=fields["dsnet.input.interpolation"],
    )
    return Plan(program, spec, tuple(fields["dsnet.labels"]), tensors, epilogues)
