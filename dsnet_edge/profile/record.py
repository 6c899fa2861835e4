"""Values as JSON files: untrusted when read, whole when written."""

from __future__ import annotations

import dataclasses
import json
import os
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from types import UnionType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.schema import schema_of

T = TypeVar("T")
_LARGEST = 64 << 20


@dataclass(frozen=True)
class Format(Generic[T]):
    """What a file of one kind is called, and what its errors say."""

    kind: type[T]
    name: str
    version: int
    made_by: str  # a command
    again: str  # what to do about a file that is wrong
    error: type[DsnetError]

    def schema(self) -> dict[str, Any]:
        return schema_of(self.kind, self.name, self.version)


def write_record(form: Format[T], value: T, file: FilePath) -> None:
    """Under a temporary name first: `file` is what it was, or whole."""
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    record = {"format": form.name, "version": form.version} | dataclasses.asdict(value)
    temporary = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(record, allow_nan=False) + "\n", "utf-8")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise form.error(f"{file}: cannot be written ({os.strerror(error.errno or 0)}); choose another place with -o") from error


def read_record(form: Format[T], file: FilePath) -> T:
    """Raises the format's error, in one line, for whatever the schema of this version refuses."""
    make = f"{form.made_by} -o {file}"
    try:
        if file.stat().st_size > _LARGEST:
            raise form.error(f"{file}: larger than {_LARGEST} bytes; not a {form.name}")
        record = json.loads(file.read_text("utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise form.error(f"{file}: no such file; make it with: {make}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise form.error(f"{file}: not readable as JSON ({error}); {form.again}") from error
    if not isinstance(record, dict) or record.get("format") != form.name:
        raise form.error(f"{file}: not a {form.name}; make one with: {make}")
    if record.get("version") != form.version:
        found = reprlib.repr(record.get("version"))
        raise form.error(f"{file}: version {found}, this release reads {form.version}; {form.again}")
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator(form)(record)
    except JsonSchemaValueException as error:
        field = str(error.name).removeprefix("data").removeprefix(".")[:100]
        raise form.error(f"{file}: {field or 'the file'}: {_printable(error.message)}; {form.again}") from None
    value: T = _build(form.kind, record)
    return value


@cache
def _validator(form: Format[Any]) -> Callable[[Any], Any]:
    import fastjsonschema

    return fastjsonschema.compile(form.schema(), use_default=False)


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
