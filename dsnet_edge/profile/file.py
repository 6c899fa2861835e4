"""Profiles as JSON files: untrusted when read, whole when written."""

from __future__ import annotations

import dataclasses
import json
import os
import reprlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path as FilePath
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.schema import FORMAT, VERSION, profile_schema
from dsnet_edge.profile.values import Profile

_LARGEST = 64 << 20


class ProfileError(DsnetError):
    """A file that is not a usable profile."""


def write_profile(profile: Profile, file: FilePath) -> None:
    """Under a temporary name first: `file` is what it was, or whole."""
    record = {"format": FORMAT, "version": VERSION} | dataclasses.asdict(profile)
    temporary = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(record, allow_nan=False) + "\n", "utf-8")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ProfileError(
            f"{file}: cannot be written ({os.strerror(error.errno or 0)}); choose another place with -o"
        ) from error


def read_profile(file: FilePath) -> Profile:
    """Raises ProfileError, in one line, for whatever is no profile of this version."""
    try:
        if file.stat().st_size > _LARGEST:
            raise ProfileError(f"{file}: larger than {_LARGEST} bytes; not a profile")
        record = json.loads(file.read_text("utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise ProfileError(f"{file}: no such file; make it with: dsnet-edge profile BUNDLE -o {file}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ProfileError(f"{file}: not readable as JSON ({error}); profile the bundle again") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ProfileError(f"{file}: not a {FORMAT}; make one with: dsnet-edge profile BUNDLE -o {file}")
    if record.get("version") != VERSION:
        found = reprlib.repr(record.get("version"))
        raise ProfileError(f"{file}: version {found}, this release reads {VERSION}; profile the bundle again")
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator()(record)
    except JsonSchemaValueException as error:
        field = str(error.name).removeprefix("data").removeprefix(".")[:100]
        raise ProfileError(f"{file}: {field or 'the profile'}: {_printable(error.message)}; profile the bundle again") from None
    profile: Profile = _build(Profile, record)
    _check_relations(profile, file)
    return profile


def _check_relations(profile: Profile, file: FilePath) -> None:
    """What a schema cannot say."""

    def check(right: bool, field: str, problem: str) -> None:
        if not right:
            raise ProfileError(f"{file}: {field}: {problem}; profile the bundle again")

    n_paths = len(profile.bundle.madds)
    check(n_paths == len(profile.bundle.choices) and n_paths > 0, "bundle.choices", f"not one for each of {n_paths} paths")
    keys = [(series.backend, series.threads) for series in profile.series]
    check(len(set(keys)) == len(keys), "series", "a backend has two at the same number of threads")
    for index, series in enumerate(profile.series):
        paths = [time.path for time in series.paths]
        check(len(set(paths)) == len(paths), f"series[{index}].paths", "a path occurs twice")
        check(all(path < n_paths for path in paths), f"series[{index}].paths", f"the bundle has paths 0 to {n_paths - 1}")
    measured = [(f"energy.paths[{i}]", entry.path) for i, entry in enumerate(profile.energy.paths if profile.energy else ())]
    measured += [(f"layers.paths[{i}]", entry.path) for i, entry in enumerate(profile.layers.paths if profile.layers else ())]
    for field, path in measured:
        check(path < n_paths, f"{field}.path", f"the bundle has paths 0 to {n_paths - 1}")


@cache
def _validator() -> Callable[[Any], Any]:
    import fastjsonschema

    return fastjsonschema.compile(profile_schema(), use_default=False)


def _build(hint: Any, value: Any) -> Any:
    """A value that its schema has found right."""
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        hints = get_type_hints(hint)
        return hint(**{name: _build(hints[name], entry) for name, entry in value.items() if name in hints})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return None if value is None else _build(arguments[0], value)
    if origin is tuple:
        return tuple(_build(arguments[0], entry) for entry in value)
    if origin is Mapping:
        return {name: _build(arguments[1], entry) for name, entry in value.items()}
    return value if origin is Literal else hint(value)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:300])
