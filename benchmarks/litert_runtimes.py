"""LiteRT's two ways to run a bundle, CompiledModel and Interpreter: time of each path, of opening, and memory.

    python benchmarks/litert_runtimes.py build/dsmbnet14 --json benchmarks/results/litert_runtimes.json

Paths: both in one process and one thread, in turn and in random order, their processor time (which other load disturbs less than
the clock); the ratio is the median of the ratios within a round.
Opening and memory (docs/benchmark.md): fresh processes in turn; CompiledModel with its weights packed in a first start, in a
second, and where there is no folder to keep them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.bench import fresh
from dsnet_edge.profiling import process
from dsnet_edge.profiling.machine import describe_machine
from dsnet_edge.runtime.bundle import Bundle, open_bundle
from dsnet_edge.runtime.litert import LitertBackend
from dsnet_edge.runtime.staged import StagedBackend

WAYS = ("interpreter", "compiled, first start", "compiled, second start", "compiled, no folder")
_MEMORY = ("one path", "all paths")
_COMPILED = "ai_edge_litert.compiled_model"
_MODULES: dict[str, Any] = sys.modules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=FilePath)
    parser.add_argument("--json", type=FilePath)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--fresh", nargs=2, metavar=("WHAT", "WAY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fresh:
        print(json.dumps(measured(arguments.bundle, *arguments.fresh)))
        return
    bundle = open_bundle(arguments.bundle)
    record = {"network": bundle.name, "precision": bundle.precision, "machine": describe_machine(), "rounds": arguments.rounds}
    record |= {"paths": paths(bundle, arguments.rounds), "starts": starts(arguments.bundle, arguments.processes)}
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print("\n".join(markdown(record)))


def paths(bundle: Bundle, rounds: int) -> list[dict[str, Any]]:
    backends = {"compiled": LitertBackend(bundle, 1)}
    with without_compiled_model():
        backends["interpreter"] = LitertBackend(bundle, 1)
        for path in range(bundle.n_paths):
            backends["interpreter"].graph(bundle.stages.suffix(path))
    images = np.load(bundle.file(bundle.manifest["golden"]["images"]))
    times = {(name, path): np.zeros(rounds) for name in backends for path in range(bundle.n_paths)}
    for turn in range(rounds):
        for path in random.sample(range(bundle.n_paths), bundle.n_paths):
            for name in random.sample(sorted(backends), len(backends)):
                times[name, path][turn] = network_ms(backends[name], images[turn % len(images)], path)
    found = []
    for path in range(bundle.n_paths):
        compiled, interpreter = times["compiled", path], times["interpreter", path]
        row = {"path": path, "compiled_ms": float(np.median(compiled)), "interpreter_ms": float(np.median(interpreter))}
        found.append(row | {"ratio": float(np.median(compiled / interpreter))})
    return found


def network_ms(backend: StagedBackend, image: np.ndarray, path: int) -> float:
    """Processor time of prefix, gate and suffix, of the second of two inferences."""
    for _ in range(2):
        spent = 0.0
        inputs = [backend.enter(image)]
        for stage in backend.stages.of_path(path):
            graph = backend.graph(stage)
            graph.put(*inputs)
            start = time.thread_time()
            graph.invoke()
            spent += time.thread_time() - start
            inputs = [*inputs[:1], graph.take()[1]] if stage == "gate" else graph.take()
    return spent * 1e3


@contextmanager
def without_compiled_model() -> Iterator[None]:
    found = _MODULES.get(_COMPILED)
    _MODULES[_COMPILED] = None  # importing it then fails
    try:
        yield
    finally:
        del _MODULES[_COMPILED]
        if found:
            _MODULES[_COMPILED] = found


def starts(folder: FilePath, processes: int) -> list[dict[str, Any]]:
    """Of each way the median over the processes."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(processes):
        with tempfile.TemporaryDirectory() as cache:
            for way in WAYS:
                environment = os.environ | {"XDG_CACHE_HOME": "/proc/nowhere" if way.endswith("no folder") else cache}
                figures: dict[str, float] = {}
                for what in ("opening", *_MEMORY):
                    if what != "opening" and way.endswith("first start"):
                        continue
                    command = [sys.executable, __file__, str(folder), "--fresh", what, way]
                    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
                    figures |= json.loads(done.stdout)
                found[way].append(figures)
    return [
        {"way": way} | {key: float(np.median([figures[key] for figures in rows])) for key in rows[0]}
        for way, rows in found.items()
    ]


def measured(folder: FilePath, what: str, way: str) -> dict[str, float]:
    """In this process, which is a fresh one."""
    if way == "interpreter":
        _MODULES[_COMPILED] = None
        process.LIBRARIES["litert"] = ("ai_edge_litert.interpreter",)
    if what == "opening":
        return fresh.opening(str(folder), "litert")
    memory = fresh.memory(str(folder), "litert", 1 if what == "one path" else None)
    return {f"{what}: anonymous MB": memory["anonymous"] / 1e6, f"{what}: file-backed MB": memory["file"] / 1e6}


def markdown(record: dict[str, Any]) -> list[str]:
    lines = ["| path | CompiledModel ms | Interpreter ms | ratio |", "|---:|---:|---:|---:|"]
    lines += [
        f"| {row['path']} | {row['compiled_ms']:.2f} | {row['interpreter_ms']:.2f} | {row['ratio']:.3f} |"
        for row in record["paths"]
    ]
    columns = [f"{what}: {kind} MB" for what in _MEMORY for kind in ("anonymous", "file-backed")]
    lines += ["", f"| start | first result ms | all paths ms | {' | '.join(columns)} |", "|---" + "|---:" * 6 + "|"]
    for row in record["starts"]:
        memory = [f"{row[column]:.0f}" if column in row else "" for column in columns]
        lines.append(f"| {row['way']} | {row['first_ms']:.0f} | {row['all_ms']:.0f} | {' | '.join(memory)} |")
    return lines


if __name__ == "__main__":
    main()
