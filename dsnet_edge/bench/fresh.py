"""What has to be measured in a fresh process: the time from opening a bundle to its results, and the memory it then holds."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from dsnet_edge.bench.report import Memory
from dsnet_edge.profiling.process import open_trusted, resident_bytes, warm_page_cache
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.runner import Runner


def opening(folder: str, backend: str) -> dict[str, float]:
    """Milliseconds to the first logits, and until every path has given some. The library is loaded before."""
    bundle = open_trusted(folder, backend)
    image = _image(bundle)
    warm_page_cache(bundle)
    start = time.perf_counter()
    runner = Runner(bundle, backend)
    runner.infer(image)
    first = time.perf_counter()
    for path in range(bundle.n_paths):
        runner.infer(image, path)
    return {"first_ms": (first - start) * 1e3, "all_ms": (time.perf_counter() - start) * 1e3}


def memory(folder: str, backend: str, n_paths: int | None = None) -> dict[str, Any]:
    """A `Memory`, after every path or the first `n_paths`. The library is loaded before: it counts as nobody's."""
    bundle = open_trusted(folder, backend)
    image = _image(bundle)
    before = resident_bytes()
    runner = Runner(bundle, backend)
    for path in range(n_paths or bundle.n_paths):
        runner.infer(image, path)
    after = resident_bytes()
    model = getattr(runner.backend, "model", None)
    arena, activations = (model.arena_bytes, model.activation_bytes) if model else (0, 0)
    return asdict(Memory(backend, after[0] - before[0], after[1] - before[1], arena, activations, runner.backend.runtime))


def _image(bundle: Bundle) -> np.ndarray:
    return np.load(bundle.file(bundle.manifest["golden"]["images"]))[0]
