"""Reading `manifest.json` (docs/bundle.md): untrusted, and checked against its JSON Schema before anyone sees it."""

from __future__ import annotations

import json
import math
import os
import reprlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from dsnet_edge.errors import BundleError

FORMAT, VERSION = "dsnet-edge bundle", 2
GATES_VERSION = 3  # of networks with several gates, or none: what reads version 2 alone must not take them for others
_SCHEMA = FilePath(__file__).with_name("manifest.schema.json")
_LARGEST = 16 << 20


def read_manifest(folder: FilePath) -> dict[str, Any]:
    """The manifest of a bundle folder. Raises BundleError, in one line, for whatever `check_manifest` would."""
    file = folder / "manifest.json"
    try:
        if not file.is_file():
            reason = "it has no manifest.json" if folder.exists() else "there is no such folder"
            raise BundleError(f"{folder} is not a bundle: {reason}; make one with: dsnet-edge convert CHECKPOINT -o {folder}")
        if file.stat().st_size > _LARGEST:
            raise BundleError(f"{file}: larger than {_LARGEST} bytes; convert the checkpoint again")
        check_inside(folder, file)
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{file}: not a readable text file ({error}); convert the checkpoint again") from error
    try:
        manifest = json.loads(text, parse_float=_number, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{file}: not valid JSON ({error}); convert the checkpoint again") from error
    check_manifest(manifest, str(file))
    return manifest


def check_manifest(manifest: Any, source: str) -> None:
    """Raises BundleError unless it is a manifest of this version, as the schema says, and its parts fit each other.

    `source` is its file's name, for the message.
    """
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{source}: not the manifest of a {FORMAT}; convert the checkpoint again")
    if manifest.get("version") not in (VERSION, GATES_VERSION):
        found = reprlib.repr(manifest.get("version"))
        raise BundleError(
            f"{source}: version {found}, this release reads {VERSION} and {GATES_VERSION}; convert the checkpoint again"
        )
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator()(manifest)
        _check_relations(manifest)
    except JsonSchemaValueException as error:
        raise BundleError(f"{source}: {_complaint(error)}; convert the checkpoint again") from None
    except ValueError as error:
        raise BundleError(f"{source}: {error}; convert the checkpoint again") from None


def check_inside(folder: FilePath, file: FilePath) -> None:
    """Raises BundleError where a symbolic link leads out of the folder."""
    if not FilePath(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise BundleError(f"{file}: a symbolic link out of the bundle; do not trust this bundle, or put the file itself there")


@cache
def _validator() -> Callable[[Any], Any]:
    """Compiled once a process: 25 ms on an x86 core, where a check takes 2."""
    import fastjsonschema

    return fastjsonschema.compile(json.loads(_SCHEMA.read_text("utf-8")), use_default=False)


def _check_relations(manifest: dict[str, Any]) -> None:
    """What a schema cannot say."""
    paths, precision = manifest["paths"], manifest["precision"]
    for index, path in enumerate(paths):
        if path["index"] != index:
            raise ValueError(f"paths[{index}].index must be {index}, found {path['index']}")
        if len(path["channels"]) != len(paths[0]["channels"]):
            raise ValueError(f"paths[{index}].channels has {len(path['channels'])} blocks, paths[0] {len(paths[0]['channels'])}")
    (_check_one_gate if manifest["version"] == VERSION else _check_gates)(manifest)
    for backend, entry in manifest["backends"].items():
        found = len(entry.get("suffixes", paths))
        if found != len(paths):
            raise ValueError(f"backends.{backend} has {found} suffixes for {len(paths)} paths")
        if "via" in entry and backend != "litert":
            raise ValueError(f"backends.{backend} has a field 'via', which is litert's alone")
    if ("calibration" in manifest) != (precision == "int8"):
        there = "none" if precision == "int8" else "one"
        raise ValueError(f"calibration belongs to int8 and to nothing else, found {there} and precision {precision}")
    missing = [name for name in ("fp32_scores", "fp32_logits") if name not in manifest["golden"]]
    if missing and precision != "fp32":
        raise ValueError(f"golden has no field {missing[0]!r}, which precision {precision} needs")
    for name in _named_files(manifest):
        if name not in manifest["files"]:
            raise ValueError(f"files lists no file {name!r}, which another field names")


def _check_one_gate(manifest: dict[str, Any]) -> None:
    if "gates" in manifest:
        raise ValueError("gates belongs to version 3 and to no other")
    if sorted(manifest["segments"]) != ["gate", "prefix"]:
        raise ValueError(f"segments must be prefix and gate, found {', '.join(manifest['segments']) or 'none'}")
    for index, path in enumerate(manifest["paths"]):
        if "choice" not in path or "choices" in path:
            raise ValueError(f"paths[{index}] must have a field 'choice' and no 'choices'")
        if index and path["choice"] <= manifest["paths"][index - 1]["choice"]:
            raise ValueError(f"paths[{index}].choice must be above that of the path before it, found {path['choice']}")
    for backend, entry in manifest["backends"].items():
        if "stages" in entry:
            raise ValueError(f"backends.{backend} has stages, which belong to version 3")


def _check_gates(manifest: dict[str, Any]) -> None:
    gates, paths = manifest.get("gates"), manifest["paths"]
    if gates is None or len(gates) == 1:
        raise ValueError("gates must list the choices of several gates, or be empty, in version 3")
    if gates and math.prod(gates) != len(paths):
        raise ValueError(f"gates lead to {math.prod(gates)} paths, found {len(paths)}")
    for index, path in enumerate(paths):
        if len(path.get("choices", ())) != max(1, len(gates)) or "choice" in path:
            raise ValueError(f"paths[{index}] must have a field 'choices' with one a gate, and no 'choice'")
        if index and path["choices"] <= paths[index - 1]["choices"]:
            raise ValueError(f"paths[{index}].choices must be above those of the path before it, found {path['choices']}")
    for backend, entry in manifest["backends"].items():
        if "suffixes" in entry:
            raise ValueError(f"backends.{backend} has suffixes, which belong to version 2")


def _named_files(manifest: dict[str, Any]) -> Iterator[str]:
    yield manifest["labels"]
    yield from manifest["golden"].values()
    for backend, entry in manifest["backends"].items():
        names = files_of(entry)
        yield from names
        if backend == "ncnn":
            yield from (PurePosixPath(name).with_suffix(".bin").as_posix() for name in names)


def files_of(entry: dict[str, Any]) -> list[str]:
    """The files that an entry of `backends` names, without the weights that ncnn has beside them."""
    if "file" in entry:
        return [entry["file"]]
    return list(entry["stages"].values()) if "stages" in entry else [entry["prefix"], entry["gate"], *entry["suffixes"]]


def _number(text: str) -> int | float:
    """JSON, and so the schema, does not tell 224.0 from 224; Python does."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _complaint(error: Any) -> str:
    """What is wrong where, from a `JsonSchemaValueException`. Whatever it quotes is cut short and printable."""
    field = error.name.removeprefix("data").removeprefix(".") or "the manifest"
    field = "".join(letter if letter.isprintable() else "?" for letter in field[:100])
    if error.rule == "required":
        missing = next(name for name in error.definition["required"] if name not in error.value)
        return f"{field} has no field {missing!r}"
    if error.rule == "additionalProperties":
        known = error.definition.get("properties", {})
        return f"{field} has a field {reprlib.repr(next(name for name in error.value if name not in known))} that is unknown"
    if error.rule == "propertyNames":
        return f"{field} has a name that cannot be a file's inside the bundle"
    return f"{field} must be {_expected(error.definition)}, found {reprlib.repr(error.value)}"


def _expected(definition: dict[str, Any]) -> str:
    match definition:
        case {"const": value}:
            return repr(value)
        case {"enum": values}:
            return f"one of {', '.join(map(str, values))}"
        case {"type": "object"}:
            return "an object"
        case {"description": text}:
            return str(text)
        case {"type": "array", "minItems": low, "maxItems": high}:
            return f"a list of {low} to {high}"
        case {"type": kind, "minimum": low, "maximum": high}:
            return f"{'an integer' if kind == 'integer' else 'a number'} from {low} to {high}"
    raise AssertionError(f"the schema describes {definition} in no way that a message can use")
