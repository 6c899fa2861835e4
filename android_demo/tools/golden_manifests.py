"""Manifests, nearly all of them spoilt in one place, and whether Python's reader accepts them.

`manifests.bin`: how many; of each a byte, 1 where it is accepted, and its length and bytes. `manifest.txt`: what the bundle's own
says.
"""

from __future__ import annotations

import copy
import json
import random
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime import open_bundle
from dsnet_edge.runtime.manifest import read_manifest

# Of every type JSON has, and the limits of some fields.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, -0.0, 0, 0.5, 1, 2, 2.0, 1e-7, 1e16, 2**31 - 1, 10**300, 8192, 8193, 1001),
    *("", "a", "a" * 200, "a" * 201, "\U0001f600" * 200, "\x1b\n", "\x7f", "\u2028", "\ud800"),
    *("../x", "/x", "x/", "a//b", ".a", "a/.b", "labels.txt", "golden/scores.npy"),
    *("fp32", "int8", "bicubic", "f" * 64, "F" * 64, "2026-11-24T20:22:15+00:00"),
    *([], [[]], [1], ["labels.txt"], [0.5, 0.5, 0.5], [1, 2], {}, {"file": "labels.txt"}, {"\x1b\n": None}),
)


def write(bundle: FilePath, folder: FilePath) -> None:
    whole = json.loads((bundle / "manifest.json").read_text())
    texts = [*_spoilt_values(_small(whole)), *_spoilt_text(json.dumps(_small(whole), indent=1))]
    with tempfile.TemporaryDirectory() as scratch, (folder / "manifests.bin").open("wb") as stream:
        stream.write(struct.pack(">i", len(texts)))
        for text in texts:
            stream.write(struct.pack(">?i", _accepted(FilePath(scratch), text), len(text)) + text)
    (folder / "manifest.txt").write_text("".join(f"{line}\n" for line in _facts(bundle)), "utf-8")


def _accepted(folder: FilePath, text: bytes) -> bool:
    (folder / "manifest.json").write_bytes(text)
    try:
        read_manifest(folder)
    except BundleError:
        return False
    return True


def _small(manifest: dict[str, Any]) -> dict[str, Any]:
    """Of two paths and four backends, with everything that may be there."""
    small = copy.deepcopy(manifest)
    small["paths"] = [path | {"channels": path["channels"][:2]} for path in small["paths"][:2]]
    staged = {"prefix": "a/prefix.onnx", "gate": "a/gate.onnx", "suffixes": ["a/suffix_00.onnx", "a/suffix_01.onnx"]}
    small["backends"] = {
        "sliced": {"file": "model.dsnet"},
        "executorch": {"file": "model.pte"},
        "litert": staged | {"via": "onnx2tf"},
        "ncnn": {key: json.loads(json.dumps(value).replace("onnx", "param")) for key, value in staged.items()},
    }
    small["tools"] = {"dsnet-edge": "0.1.0", "numpy": "2.4.6"}
    small["precision"] = "int8"
    small["calibration"] = {"images": 7, "sha256": "0" * 64, "ranges": "variance"}
    outputs = ("images", "scores", "logits", "fp32_scores", "fp32_logits", "litert_scores")
    small["golden"] = {key: f"golden/{key}.npy" for key in outputs}
    stages = [f"a/{name}.{kind}" for name in ("prefix", "gate", "suffix_00", "suffix_01") for kind in ("onnx", "param", "bin")]
    names = ["labels.txt", "model.dsnet", "model.pte", *small["golden"].values(), *stages]
    small["files"] = {name: {"bytes": 5, "sha256": "0" * 64} for name in names}
    return small


def _spoilt_values(manifest: dict[str, Any]) -> Iterator[bytes]:
    """Every field left out, one added beside it, and everything else in its place."""
    yield json.dumps(manifest).encode()
    for place in _places(manifest):
        for change in (_leave_out, _add, *(_put(value) for value in _VALUES)):
            spoilt = copy.deepcopy(manifest)
            holder: Any = spoilt
            for key in place[:-1]:
                holder = holder[key]
            change(holder, place[-1])
            yield json.dumps(spoilt).encode()


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of every field; of the files that are listed, of the first three."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for index, (key, item) in enumerate(inside):
        if place != ("files",) or index < 3:
            yield (*place, key)
            yield from _places(item, (*place, key))


def _leave_out(holder: Any, key: Any) -> None:
    del holder[key]


def _add(holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder["new"] = copy.deepcopy(holder[key])
    else:
        holder.append(copy.deepcopy(holder[key]))


def _put(value: Any) -> Any:
    def put(holder: Any, key: Any) -> None:
        holder[key] = value

    return put


def _spoilt_text(text: str) -> Iterator[bytes]:
    """What is no JSON, though some readers take it, and letters changed here and there."""
    end = text.rstrip().removesuffix("}")
    yield from (
        variant.encode()
        for variant in (
            f"\ufeff{text}",
            f" \t\r\n{text}\n",
            f"{text} x",
            f"{text}\0",
            f"// a comment\n{text}",
            f"/* a comment */{text}",
            f"{end},}}",
            f'{end},"version":2}}',
            f'{end},"version":3}}',
            f'{end},"new":NaN}}',
            text.replace('"version"', "version"),
            text.replace('"version"', "'version'"),
            text.replace('"version": 2', '"version": 2.0'),
            text.replace('"version": 2', '"version": 20e-1'),
            text.replace('"version": 2', '"version": 02'),
            text.replace('"version": 2', '"version": +2'),
            text.replace('"version": 2', '"version": 2.'),
            text.replace('"version": 2', '"version" = 2'),
            text.replace('"n_classes": 10', '"n_classes": 0xa'),
            text.replace('"n_classes": 10', '"n_classes": 1E1'),
            text.replace('"n_classes": 10', '"n_classes": 10.0000000000000000001'),
            text.replace('"arena_bytes": ', '"arena_bytes": 1e400, "x": '),
            text.replace('"name": "', '"name": "\\u00e9\\/'),
            text.replace('"name": "', '"name": "\\x'),
            text.replace('"name": "', '"name": "\t'),
            text.replace('"name": "', '"name": "\u00e9'),
            "[" * 100_000,
            '{"a":' * 100_000,
            "",
            "null",
            "[]",
            '"dsnet-edge bundle"',
        )
    )
    yield text.replace('"name": "', '"name": "\u00e9').encode("latin-1")
    yield text.encode("utf-16")
    generator, letters = random.Random(0), '{}[]",:0123456789.-+eEtfn\\ \n\x00/'
    for _ in range(600):
        at = generator.randrange(len(text))
        yield (text[:at] + generator.choice(letters) * generator.randrange(2) + text[at + generator.randrange(2) :]).encode()


def _facts(bundle: FilePath) -> Iterator[str]:
    """One a line, in the words of `ManifestTest`."""
    opened = open_bundle(bundle)
    spec, manifest = opened.input, opened.manifest
    yield f"bundle {opened.name} {opened.precision} {opened.info.sha256}"
    yield f"input {spec.height} {spec.width} {spec.resize} {spec.interpolation}"
    for mean, std in zip(spec.mean, spec.std, strict=True):
        yield f"channel {struct.pack('>f', mean).hex()} {struct.pack('>f', std).hex()}"
    yield f"labels {'|'.join(opened.labels)}"
    for segment, found in manifest["segments"].items():
        yield f"{segment} {found['madds']}"
    for path in manifest["paths"]:
        costs = (path[key] for key in ("index", "choice", "madds", "parameters", "weight_bytes", "activation_bytes"))
        yield f"path {' '.join(map(str, (*costs, *path['channels'])))}"
    for backend, entry in sorted(manifest["backends"].items()):
        names = (entry["file"],) if "file" in entry else (entry["prefix"], entry["gate"], *entry["suffixes"])
        yield f"{backend} {' '.join(names)}"
    for name, entry in sorted(manifest["files"].items()):
        yield f"file {name} {entry['bytes']} {entry['sha256']}"
