"""Memory that opening a bundle and running every path costs, a fresh process for each backend.

    python benchmarks/memory.py [BUNDLE]

Counts resident memory by kind (/proc/self/smaps_rollup): what the backend allocates, and what it maps from files.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path as FilePath

import numpy as np
from rich.console import Console
from rich.table import Table

from dsnet_edge.profiling.machine import machine_line
from dsnet_edge.runtime import Runner, open_bundle

LIBRARIES = {"sliced": "dsnet_edge._native", "litert": "ai_edge_litert.interpreter", "executorch": "executorch.runtime"}


def resident_bytes() -> dict[str, int]:
    """`anonymous` and `file` resident bytes of this process."""
    fields = dict.fromkeys(("Rss", "Anonymous"), 0)
    for line in FilePath("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split()[0].rstrip(":"), line.split()[1]
        if key in fields:
            fields[key] = int(value) * 1024
    return {"anonymous": fields["Anonymous"], "file": fields["Rss"] - fields["Anonymous"]}


def measure(folder: str, backend: str) -> dict[str, int]:
    """What one backend adds; its library is imported before the count begins, so that it counts as nobody's."""
    bundle = open_bundle(folder)
    images = np.load(bundle.file(bundle.manifest["golden"]["images"]))
    importlib.import_module(LIBRARIES[backend])
    before = resident_bytes()
    runner = Runner(bundle, backend)
    for path in range(bundle.n_paths):
        runner.infer(images[0], path)
    after = resident_bytes()
    return {kind: after[kind] - before[kind] for kind in before} | {"arena": int(bundle.manifest["arena_bytes"])}


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        print(json.dumps(measure(sys.argv[2], sys.argv[3])))
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else "build/dsmbnet14"
    bundle = open_bundle(folder)
    table = Table(title=f"{bundle.name}: memory after running all {bundle.n_paths} paths, MB", caption=machine_line())
    for column in ("backend", "anonymous", "file-backed", "total", "total / arena"):
        table.add_column(column, justify="right")
    for backend in bundle.backends:
        command = [sys.executable, __file__, "--measure", folder, backend]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode:
            sys.exit(process.stderr)  # otherwise it holds the libraries' chatter
        result = json.loads(process.stdout.splitlines()[-1])
        total = result["anonymous"] + result["file"]
        cells = (result["anonymous"], result["file"], total)
        table.add_row(backend, *(f"{size / 1e6:.1f}" for size in cells), f"{total / result['arena']:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
