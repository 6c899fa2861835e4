"""The manifest's schema: what the converter writes passes, and whatever else is in a field's place does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime import manifest as manifest_module
from dsnet_edge.runtime.manifest import check_manifest, read_manifest

# Of every type JSON has, and the limits of some: none is right where another type belongs.
_VALUES: tuple[Any, ...] = (None, True, -1, 10**300, 0.5, "", "\x1b\n", "../x", [], [[]], {}, {"\x1b\n": None})


@pytest.fixture(scope="module")
def manifest(tiny_bundle: FilePath) -> dict[str, Any]:
    return read_manifest(tiny_bundle)


def fields(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything inside, as keys and indices."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*place, key)
        yield from fields(item, (*place, key))


def changed(manifest: dict[str, Any], place: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    """A copy, and in it the object or list that holds the field."""
    copied = copy.deepcopy(manifest)
    holder: Any = copied
    for key in place[:-1]:
        holder = holder[key]
    return copied, holder


def complaint(manifest: Any) -> str:
    """Of a manifest that must be refused, and in one printable line."""
    with pytest.raises(BundleError) as caught:
        check_manifest(manifest, "manifest.json")
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 600
    return message


def test_every_field_is_needed(manifest: dict[str, Any]) -> None:
    """But for backends and tools, without which it is a smaller bundle's, and as good."""
    for place in fields(manifest):
        without, holder = changed(manifest, place)
        del holder[place[-1]]
        if place[0] in ("backends", "tools") and len(place) == 2 and place[1] not in ("sliced", "dsnet-edge"):
            check_manifest(without, "manifest.json")
        else:
            complaint(without)


def test_no_field_may_hold_another_value(manifest: dict[str, Any]) -> None:
    tried = 0
    for place in fields(manifest):
        for value in _VALUES:
            if _fits(place, value):
                continue
            other, holder = changed(manifest, place)
            holder[place[-1]] = value
            complaint(other)
            tried += 1
    assert tried > 2000


def _fits(place: tuple[Any, ...], value: Any) -> bool:
    """Free text, and the numbers of `mean` and `std`."""
    if place == ("name",) or (place[0] == "tools" and len(place) == 2):
        return value == "../x"
    numbers = {"mean": (-1, 0.5), "std": (0.5,)}.get(place[1] if place[0] == "input" and len(place) == 3 else "", ())
    return value is not True and value in numbers


def test_no_field_may_be_added(manifest: dict[str, Any]) -> None:
    free = {("tools",), ("files",)}
    for place in [(), *fields(manifest)]:
        other, holder = changed(manifest, (*place, "new"))
        if isinstance(holder, dict) and place not in free:
            holder["new"] = "labels.txt"
            assert "new" in complaint(other) or "must be {" in complaint(other)


def test_both_forms_of_executorch_and_litert(manifest: dict[str, Any]) -> None:
    stages = manifest["backends"]["litert"]
    for backend, entry in (("executorch", stages), ("litert", {"file": "model.pte"})):
        check_manifest(manifest | {"backends": manifest["backends"] | {backend: entry}}, "manifest.json")
        for mixed in (stages | {"file": "model.pte"}, {}, {"file": ["model.pte"]}):
            assert f"backends.{backend} must be" in complaint(manifest | {"backends": manifest["backends"] | {backend: mixed}})


def test_integers_written_as_floats_are_integers(tmp_path: FilePath, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest).replace('"height": 16,', '"height": 16.0,')
    assert "16.0" in text
    (tmp_path / "manifest.json").write_text(text)
    height = read_manifest(tmp_path)["input"]["height"]
    assert (height, type(height)) == (16, int)


def test_the_schema_describes_every_definition() -> None:
    """A field that no message can describe would end in an assertion instead of an answer."""

    def visit(schema: Any) -> None:
        if isinstance(schema, dict):
            if {"type", "const", "enum", "oneOf"} & schema.keys() and isinstance(schema.get("type", ""), str):
                assert manifest_module._expected(schema)
            for part in schema.values():
                visit(part)
        elif isinstance(schema, list):
            for part in schema:
                visit(part)

    visit(json.loads(FilePath(manifest_module._SCHEMA).read_text()))
