"""The JSON Schema of a value, derived from its dataclasses: it cannot say anything else than they do.

`profiles/*.schema.json` are copies for readers other than ours; tests compare them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dsnet_edge.profile.values import Signed

_LONGEST_TEXT, _LONGEST_LIST = 1000, 1_000_000


def schema_of(kind: type, name: str, version: int) -> dict[str, Any]:
    """Of a file that holds a `kind` and the name and version of its format."""
    definitions: dict[str, Any] = {}
    top = _object(kind, definitions)
    top["required"] = ["format", "version", *top["required"]]
    top["properties"] = {"format": {"const": name}, "version": {"const": version}, **top["properties"]}
    title = f"{name}, version {version}"
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title} | top | {"definitions": definitions}


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    required = [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
    written = " ".join((kind.__doc__ or "").split())
    described = {} if written.startswith(f"{kind.__name__}(") else {"description": written}  # dataclasses write one of their own
    return described | {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {name: _schema(hint, definitions) for name, hint in hints.items()},
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}  # stands in for itself meanwhile
            definitions[hint.__name__] = _object(hint, definitions)
        return {"$ref": f"#/definitions/{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is UnionType:  # X | None
        return {"oneOf": [_schema(arguments[0], definitions), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions), "maxItems": _LONGEST_LIST}
    if origin is Mapping:
        name = {"maxLength": _LONGEST_TEXT}
        return {"type": "object", "propertyNames": name, "additionalProperties": _schema(arguments[1], definitions)}
    simple: dict[Any, dict[str, Any]] = {
        Signed: {"type": "number"},
        bool: {"type": "boolean"},
        int: {"type": "integer", "minimum": 0},
        float: {"type": "number", "minimum": 0},
        str: {"type": "string", "maxLength": _LONGEST_TEXT},
    }
    return simple[hint]
