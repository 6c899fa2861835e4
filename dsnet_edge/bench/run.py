"""A benchmark from bundle folders to a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge import __version__
from dsnet_edge.bench.child import run_child
from dsnet_edge.bench.report import Memory, Network, Opening, Report, Run, measured_from
from dsnet_edge.profiling.machine import describe_machine
from dsnet_edge.runtime.bundle import Bundle

PACKAGES = {"litert": "ai-edge-litert", "executorch": "executorch", "onnxruntime": "onnxruntime", "ncnn": "ncnn"}
Progress = Callable[[str, float], None]  # what is done, and the fraction of it that is


def measure_network(
    bundle: Bundle,
    sliced: FilePath,
    ideal: Sequence[FilePath],
    peers: Sequence[str],
    *,
    threads: Sequence[int],
    rounds: int,
    processes: int,
    cores: Sequence[int] = (),
    progress: Progress = lambda what, fraction: None,
) -> Network:
    """`sliced` is the file of all paths, `ideal` are files of one path each; `processes` are how often the opening is timed.

    With `cores`, every process is kept to as many of these as it has threads, the first ones; opening and memory take one.
    """
    folder, backends = str(bundle.folder), ("sliced", *peers)
    runs, openings, memories = [], [], []
    for count in threads:
        what = f"{bundle.name} {bundle.manifest['precision']}, {count} thread{'s' if count > 1 else ''}"
        job: dict[str, Any] = {"do": "rounds", "bundle": folder, "sliced": str(sliced), "ideal": [str(file) for file in ideal]}
        job |= {"cores": list(cores[:count]), "peers": list(peers), "threads": count, "rounds": rounds}
        runs.append(Run(count, measured_from(run_child(job, partial(progress, what)))))
    for index, backend in enumerate(backends):
        found = []
        job = {"folder": folder, "backend": backend, "cores": list(cores[:1])}
        for turn in range(processes):
            found.append(run_child({"do": "opening"} | job))
            progress("opening and memory", (index + (turn + 1) / (processes + 1)) / len(backends))
        times = (float(np.median([times[key] for times in found])) for key in ("first_ms", "all_ms"))
        openings.append(Opening(backend, processes, *times))
        memories.append(Memory(**run_child({"do": "memory"} | job)))
    progress("opening and memory", 1.0)
    return Network(
        name=bundle.name,
        precision=bundle.manifest["precision"],
        peers=tuple(peers),
        madds=bundle.madds,
        runs=tuple(runs),
        openings=tuple(openings),
        memories=tuple(memories),
    )


def make_report(networks: Sequence[Network], cores: Sequence[int] = ()) -> Report:
    peers = {peer for network in networks for peer in network.peers}
    packages = sorted(PACKAGES[peer] for peer in peers)
    tools: dict[str, Any] = {"dsnet-edge": __version__} | {package: metadata.version(package) for package in packages}
    return Report(describe_machine(), tools, tuple(cores), datetime.now(UTC).isoformat(timespec="seconds"), tuple(networks))
