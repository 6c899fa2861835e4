"""An Arch as JSON, for checkpoints and bundles. Reading treats the JSON as untrusted."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

from dsnet_edge.arch.arch import Activation, Arch, Attention, Block, Gate
from dsnet_edge.errors import BundleError

_ADDED = {"expansion", "hidden_activation", "w1", "norm"}  # since the first checkpoints, which have the defaults


def arch_to_dict(arch: Arch) -> dict[str, Any]:
    return dataclasses.asdict(arch)


def arch_from_dict(data: Any, source: str) -> Arch:
    """The Arch that `arch_to_dict` wrote; `source` names the file in errors."""
    try:
        fields = dict(data)
        blocks = tuple(_block(block) for block in fields.pop("blocks"))
        gates = [fields.pop("gate")] if "gate" in fields else fields.pop("gates")  # the first checkpoints had one gate
        arch = _make(Arch, {**fields, "blocks": blocks, "gates": tuple(_make(Gate, gate) for gate in gates)})
        _check(arch)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise BundleError(f"{source}: its 'arch' is not a valid architecture ({error}); write the file again") from error
    return arch


def _block(data: Any) -> Block:
    fields = dict(data)
    attention = fields.pop("attention")
    widths = tuple(fields.pop("widths"))
    return _make(Block, {**fields, "widths": widths, "attention": None if attention is None else _make(Attention, attention)})


def _make(kind: type, fields: dict[str, Any]) -> Any:
    known = {field.name for field in dataclasses.fields(kind)}
    if not known - _ADDED <= set(fields) <= known:
        raise ValueError(f"{kind.__name__} has the fields {sorted(known)}, found {sorted(fields)}")
    return kind(**fields)


def _check(arch: Arch) -> None:
    """Every number an in-range integer, every word a known one: sizes from here reach memory allocation."""
    _integer("image_size", arch.image_size, 8, 4096)
    _integer("n_classes", arch.n_classes, 1, 1 << 20)
    if not (isinstance(arch.name, str) and isinstance(arch.norm_eps, float) and 0 < arch.norm_eps < 1):
        raise ValueError(f"name {arch.name!r}, norm_eps {arch.norm_eps!r}")
    _word("norm", arch.norm, ("batch", "group"))
    for index, gate in enumerate(arch.gates):
        _integer(f"gates[{index}].block", gate.block, 0, len(arch.blocks) - 1)
        _word(f"gates[{index}].design", gate.design, ("one_hot", "scalar"))
        _word(f"gates[{index}].w1", gate.w1, ("shared", "separate"))
    for index, block in enumerate(arch.blocks):
        where = f"blocks[{index}]"
        _word(f"{where}.kind", block.kind, get_args(get_type_hints(Block)["kind"]))
        _word(f"{where}.activation", block.activation, get_args(Activation))
        _integer(f"{where}.stride", block.stride, 1, 4)
        _integer(f"{where}.kernel", block.kernel, 1, 11)
        _integer(f"{where}.expansion", block.expansion, 1, 16)
        for width in block.widths:
            _integer(f"{where}.widths", width, 1, 1 << 16)
        if list(block.widths) != sorted(block.widths):
            raise ValueError(f"{where}.widths must not decrease, found {block.widths}")
        if block.attention is not None:
            _integer(f"{where}.attention.hidden", block.attention.hidden, 1, 1 << 16)
            _word(f"{where}.attention.activation", block.attention.activation, get_args(Activation))
            _word(f"{where}.attention.hidden_activation", block.attention.hidden_activation, get_args(Activation))
            _word(f"{where}.attention.where", block.attention.where, ("start", "middle"))


def _integer(name: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be an integer in [{low}, {high}], found {value!r}")


def _word(name: str, value: Any, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ValueError(f"{name} must be one of {', '.join(words)}, found {value!r}")
