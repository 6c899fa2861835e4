"""Layers in a fresh process: `python -m dsnet_edge.profiling.layers_process JOB` prints what `dsnet-bench --layers` does."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from dsnet_edge.profiling.answer import answer
from dsnet_edge.profiling.layers import measure_layers
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.cores import keep_to


@dataclass(frozen=True)
class LayersJob:
    backend: str
    threads: int
    cores: tuple[int, ...]  # one a thread, or none
    paths: tuple[int, ...]
    seconds: float  # about, for all paths together


def layers_job_text(folder: str, job: LayersJob) -> str:
    return json.dumps({"bundle": folder, **asdict(job)})


def run_layers(folder: str, job: LayersJob) -> dict[str, Any]:
    keep_to(job.cores)
    found = measure_layers(open_bundle(folder), job.backend, job.paths, job.threads, job.seconds)
    paths = [{"path": path.path, "layers": [asdict(layer) for layer in path.layers]} for path in found.paths]
    return {"threads": job.threads, "layers": {"peaks": asdict(found.peaks), "paths": paths}}


if __name__ == "__main__":
    answer(lambda fields: run_layers(fields.pop("bundle"), LayersJob(**fields)))
