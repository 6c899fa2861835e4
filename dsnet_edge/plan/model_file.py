"""`model.dsnet` -> Plan, for the oracle. The native runtime has its own, stricter reader (docs/format.md)."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.arch import Path, PathSpace
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan.plan import Array, Epilogue, InputSpec, Plan
from dsnet_edge.plan.program import SEGMENTS, Op, Program, Value

FORMAT_VERSION = 1


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


def unpack_panels(panels: Array, shape: tuple[int, ...]) -> Array:
    """The inverse, for a weight of `shape` `[c_out, ...]`."""
    flat = panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])
    return np.ascontiguousarray(flat[: shape[0]]).reshape(shape)


def unpack_taps(taps: Array, channels: int, kernel: int) -> Array:
    return np.ascontiguousarray(taps[:, :channels].T).reshape(channels, kernel, kernel)
