"""`model.dsnet` -> Plan, for the oracle. The native runtime has its own, stricter reader (docs/format.md)."""

from __future__ import annotations

import math
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.arch import Path, PathSpace
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.plan import Array, Epilogue, InputSpec, Plan
from dsnet_edge.plan.program import Op, Program, Value, segment_names
from dsnet_edge.plan.quant import Quant, has_table, sums_integers

FORMAT_VERSION = 3
PANEL = 16
_GROUP: dict[Precision, int] = {"fp32": 1, "int8": 4, "bf16": 2, "fp16": 1}


def read_sliced(file: FilePath) -> Plan:
    """Raises BundleError for anything but a whole file of this format version."""
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
        bf16 = gguf.GGMLQuantizationType.BF16
        tensors = {t.name: np.array(t.data.view(np.uint16) if t.tensor_type == bf16 else t.data) for t in reader.tensors}
        return _plan(program, fields, tensors)
    except BundleError:
        raise
    except Exception as error:  # the reader's own errors are of every kind, and the file is untrusted
        raise BundleError(f"{file}: not a valid model.dsnet ({type(error).__name__}: {error}); convert it again") from error


def _program(fields: dict[str, Any]) -> Program:
    gates = [fields["dsnet.value.name"][index] for index in fields.get("dsnet.gate.scores", [])]
    choices, n_choices = fields["dsnet.path.choice"], max(1, len(gates))
    paths = tuple(Path(tuple(choices[i : i + n_choices])) for i in range(0, len(choices), n_choices))
    n = len(paths)
    names = fields["dsnet.value.name"]
    values = tuple(
        Value(name, height, width, tuple(fields["dsnet.value.channels"][i * n : (i + 1) * n]), element)
        for i, (name, height, width, element) in enumerate(
            zip(names, *(fields[f"dsnet.value.{key}"] for key in ("height", "width", "type")), strict=True)
        )
    )
    segments = segment_names(len(gates))
    ops = tuple(_op(fields, index, names, segments, n) for index in range(len(fields["dsnet.op.name"])))
    space = PathSpace.of(paths, has_gates=bool(gates))
    if paths != space.paths():
        raise ValueError(f"dsnet.path.choice must increase, found {fields['dsnet.path.choice']}")
    image, logits = (names[fields[f"dsnet.{key}"]] for key in ("input.value", "logits"))
    program = Program(fields["general.name"], space, paths, values, ops, image, tuple(gates), logits)
    if program != program.with_precision(fields["dsnet.precision"]):
        raise ValueError(f"dsnet.value.type does not fit dsnet.precision {fields['dsnet.precision']!r}")
    return program


def _op(fields: dict[str, Any], index: int, names: list[str], segments: tuple[str, ...], n_paths: int) -> Op:
    def at(key: str) -> Any:
        return fields[f"dsnet.op.{key}"][index]

    input2 = at("input2")
    has_epilogue = bool(at("scale") or at("shift"))
    return Op(
        name=at("name"),
        kind=at("kind"),
        segment=segments[at("segment")],
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
    tensors, epilogues = {}, {}
    for op in program.ops:
        if op.has_weight:
            tensors[f"{op.name}.weight"] = _weight(program, op, packed[f"{op.name}.weight"])
        if op.has_epilogue:
            channels = max(program.value(op.output).channels)
            parts = (packed.get(f"{op.name}.{part}") for part in ("scale", "shift"))
            scale, shift = (None if rows is None else np.ascontiguousarray(rows[:, :channels]) for rows in parts)
            epilogues[op.name] = Epilogue(scale, shift)
    height, width, _ = program.shape(program.image, program.paths[0])
    spec = InputSpec(
        height=height,
        width=width,
        mean=tuple(fields["dsnet.input.mean"]),
        std=tuple(fields["dsnet.input.std"]),
        resize=fields["dsnet.input.resize"],
        interpolation=fields["dsnet.input.interpolation"],
    )
    quant = _quant(program, fields, packed) if program.precision == "int8" else None
    return Plan(program, spec, tuple(fields["dsnet.labels"]), tensors, epilogues, fields["dsnet.norm_eps"], quant)


def _weight(program: Program, op: Op, packed: Array) -> Array:
    shape = program.weight_shape(op, program.paths[-1])
    if op.kind == "depthwise":
        return unpack_taps(packed, shape[0], op.kernel)
    if op.kind == "conv2d":
        return unpack_conv2d(packed, shape, panel_group(program, op))
    return unpack_panels(packed, shape, panel_group(program, op))


def _quant(program: Program, fields: dict[str, Any], packed: dict[str, np.ndarray]) -> Quant:
    n = len(program.paths)
    columns = {value.name: slice(i * n, (i + 1) * n) for i, value in enumerate(program.values) if value.type == "i8"}
    scales = np.array(fields["dsnet.value.scale"], np.float32)
    zero_points = np.array(fields["dsnet.value.zero_point"], np.int32)
    sums, tables = {}, {}
    for op in program.ops:
        if sums_integers(op):
            channels = max(program.value(op.output).channels)
            sums[op.name] = _rows(packed, f"{op.name}.sums", np.int32, op, channels)
            if has_table(op):
                tables[op.name] = _rows(packed, f"{op.name}.table", np.int8, op, 256)
    return Quant(
        scales={name: scales[at] for name, at in columns.items()},
        zero_points={name: zero_points[at] for name, at in columns.items()},
        sums=sums,
        tables=tables,
    )


def _rows(packed: dict[str, np.ndarray], name: str, dtype: type[np.generic], op: Op, columns: int) -> Array:
    """A table with a row wherever the op refers to one, without its padding."""
    rows = packed[name]
    if rows.dtype != dtype or rows.ndim != 2 or rows.shape[0] <= max(op.rows) or rows.shape[1] < columns:
        raise ValueError(f"{name} should be {np.dtype(dtype)} [{max(op.rows) + 1}, {columns}], found {rows.dtype} {rows.shape}")
    return np.ascontiguousarray(rows[:, :columns])


def panel_group(program: Program, op: Op) -> int:
    """How many neighbouring inputs lie together in the op's panels, for an instruction that takes their dot product."""
    grouped = op.kind == "pointwise" or (op.kind == "conv2d" and program.precision == "int8")
    return _GROUP[program.precision] if grouped else 1


def unpack_panels(panels: Array, shape: tuple[int, ...], group: int = 1) -> Array:
    """The weight of `shape` `[c_out, ...]` from panels `[n_panels, ceil(k/group), 16, group]` (docs/format.md)."""
    flat = panels.reshape(len(panels), -1, PANEL, group).transpose(0, 2, 1, 3).reshape(len(panels) * PANEL, -1)
    return np.ascontiguousarray(flat[: shape[0], : math.prod(shape[1:])]).reshape(shape)


def unpack_conv2d(panels: Array, shape: tuple[int, ...], group: int = 1) -> Array:
    """The weight `[c_out, k, k, c_in]`, whose panels go by blocks of input channels, and in a block by taps."""
    c_out, kernel, _, c_in = shape
    block = conv2d_block(c_in)
    steps = unpack_panels(panels, (c_out, c_in // block, kernel * kernel, block), group)
    return np.ascontiguousarray(steps.transpose(0, 2, 1, 3)).reshape(shape)


def conv2d_block(c_in: int) -> int:
    """Input channels in a block of a dense convolution's steps: 16, or all where those make no whole blocks."""
    return PANEL if c_in % PANEL == 0 else c_in


def unpack_taps(taps: Array, channels: int, kernel: int) -> Array:
    return np.ascontiguousarray(taps[:, :channels].T).reshape(channels, kernel, kernel)
