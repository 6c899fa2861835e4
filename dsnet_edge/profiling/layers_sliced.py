"""The layers of the `sliced` backend: every op of the program, by the native runtime's own clock; here, or by `dsnet-bench`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.program import MOST_GATES, segment_names
from dsnet_edge.profile.schema import schema_of
from dsnet_edge.profile.values import Layer, Layers, PathLayers, Peaks
from dsnet_edge.profiling.rounds import path_rounds
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.golden import read_images
from dsnet_edge.runtime.sliced import SlicedBackend

_RECORD = "dsnet-bench --layers"

_SEGMENTS = {name for n_gates in range(MOST_GATES + 1) for name in segment_names(n_gates)}


def measure_sliced(bundle: Bundle, paths: Sequence[int], threads: int, seconds: float) -> tuple[PathLayers, ...]:
    backend, image = SlicedBackend(bundle, threads), read_images(bundle)[0]
    for path in paths:
        backend.session.run(image, path)  # so that no page has to come from the disk later
    samples: dict[int, list[list[float]]] = {path: [] for path in paths}
    for path in path_rounds(tuple(samples), seconds):
        samples[path].append(backend.session.op_times(image, path))
    return tuple(_path_layers(backend.model.ops(path), threads, path, times) for path, times in samples.items())


def _path_layers(ops: Sequence[tuple[str, str, str, int, int]], threads: int, path: int, times: list[list[float]]) -> PathLayers:
    medians = np.median(times, axis=0)
    layers = (
        Layer(name, kind, segment, float(ms), madds, size)
        for (name, kind, segment, madds, size), ms in zip(ops, medians, strict=True)
    )
    return PathLayers("sliced", threads, path, tuple(layers))


def layers_from_bench(record: Any) -> Layers:
    """Of the JSON that `dsnet-bench --layers` wrote, on whatever device: untrusted. DsnetError names the field that is wrong."""
    from fastjsonschema import JsonSchemaValueException, compile

    if not isinstance(record, dict) or not isinstance(record.get("layers"), dict):
        raise _wrong("layers", "it is missing")
    found = record["layers"]
    paths = found.get("paths")
    if not isinstance(paths, list) or not all(isinstance(entry, dict) for entry in paths):
        raise _wrong("layers.paths", "must be a list of objects")
    about = {"backend": "sliced", "threads": record.get("threads")}
    value = {"format": _RECORD, "version": 1, "peaks": found.get("peaks"), "paths": [entry | about for entry in paths]}
    try:
        compile(schema_of(Layers, _RECORD, 1), use_default=False)(value)
    except JsonSchemaValueException as error:
        field = str(error.name)
        raise _wrong(field.replace("data", "layers", 1), error.message.removeprefix(field).strip()) from None
    layers = Layers(_peaks(value["peaks"]), tuple(_path(index, entry) for index, entry in enumerate(value["paths"])))
    if len({path.path for path in layers.paths}) != len(layers.paths):
        raise _wrong("layers.paths", "a path occurs twice")
    return layers


def _peaks(entry: dict[str, float]) -> Peaks:
    for name, value in entry.items():
        if not (math.isfinite(value) and value > 0):
            raise _wrong(f"layers.peaks.{name}", "must be a number above 0")
    return Peaks(float(entry["gmadds_per_s"]), float(entry["read_gb_per_s"]))


def _path(index: int, entry: dict[str, Any]) -> PathLayers:
    layers = []
    for number, layer in enumerate(entry["layers"]):
        field = f"layers.paths[{index}].layers[{number}]"
        if layer["segment"] not in _SEGMENTS:
            raise _wrong(f"{field}.segment", f"must be one of {', '.join(sorted(_SEGMENTS))}")
        if not math.isfinite(layer["ms"]):
            raise _wrong(f"{field}.ms", "must be finite")
        if not (layer["name"].isprintable() and layer["kind"].isprintable()):
            raise _wrong(field, "has a name or kind with unprintable letters")
        costs = int(layer["madds"]), int(layer["bytes"])
        layers.append(Layer(layer["name"], layer["kind"], layer["segment"], float(layer["ms"]), *costs))
    return PathLayers(entry["backend"], int(entry["threads"]), int(entry["path"]), tuple(layers))


def _wrong(field: str, problem: str) -> DsnetError:
    text = "".join(letter if letter.isprintable() else "?" for letter in f"{field[:100]}: {problem[:200]}")
    return DsnetError(f"the record of dsnet-bench --layers: {text}; build dsnet-bench again (make arm) and profile again")
