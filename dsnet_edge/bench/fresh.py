"""What has to be measured in a fresh process: the time from opening a bundle to its results, and the memory it then holds."""

from __future__ import annotations

import importlib
import time
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.bench.report import Memory
from dsnet_edge.errors import require
from dsnet_edge.runtime.bundle import Bundle, open_bundle, target_of
from dsnet_edge.runtime.executorch import find_binding
from dsnet_edge.runtime.runner import open_backend

LIBRARIES = {
    "sliced": ("dsnet_edge._native",),
    "litert": ("ai_edge_litert.interpreter", "ai_edge_litert.compiled_model"),
    "executorch": (),  # whichever of its bindings there is
    "onnxruntime": ("onnxruntime",),
    "ncnn": ("ncnn",),
}


class _Trusted(Bundle):
    """Without the check of sizes and hashes, which costs every backend the same for each byte."""

    def file(self, name: str) -> FilePath:
        return self.folder / name


def opening(folder: str, backend: str) -> dict[str, float]:
    """Milliseconds to the first logits, and until every path has given some. The library is loaded before."""
    bundle, image = _prepare(folder, backend)
    for name in bundle.manifest["files"]:
        (bundle.folder / name).read_bytes()  # into the page cache
    start = time.perf_counter()
    opened = open_backend(backend)(bundle, 1)
    feature = opened.prefix(image)
    scores, attention = opened.gate(feature)
    opened.suffix(feature, attention, int(scores.argmax()))
    first = time.perf_counter()
    for path in range(bundle.n_paths):
        opened.suffix(feature, attention, path)
    return {"first_ms": (first - start) * 1e3, "all_ms": (time.perf_counter() - start) * 1e3}


def memory(folder: str, backend: str, n_paths: int | None = None) -> dict[str, Any]:
    """A `Memory`, after every path or the first `n_paths`. The library is loaded before: it counts as nobody's."""
    bundle, image = _prepare(folder, backend)
    before = _resident()
    opened = open_backend(backend)(bundle, 1)
    for path in range(n_paths or bundle.n_paths):
        feature = opened.prefix(image)
        opened.suffix(feature, opened.gate(feature)[1], path)
    after = _resident()
    model = getattr(opened, "model", None)
    arena, activations = (model.arena_bytes, model.activation_bytes) if model else (0, 0)
    return asdict(Memory(backend, after[0] - before[0], after[1] - before[1], arena, activations, opened.runtime))


def _prepare(folder: str, backend: str) -> tuple[Bundle, np.ndarray]:
    bundle = open_bundle(folder)
    image = np.load(bundle.file(bundle.manifest["golden"]["images"]))[0]
    for library in LIBRARIES[backend]:
        importlib.import_module(library) if backend == "sliced" else require(library, target_of(backend))
    if backend == "executorch":
        find_binding(bundle.precision)
    return _Trusted(bundle.folder, bundle.manifest, bundle.input, bundle.labels), image


def _resident() -> tuple[int, int]:
    """Anonymous and file-backed resident bytes of this process."""
    fields = {}
    for line in FilePath("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split()[:2]
        fields[key] = int(value) * 1024
    return fields["Anonymous:"], fields["Rss:"] - fields["Anonymous:"]
