"""Layers in a fresh process: `python -m dsnet_edge.profiling.layers_process JOB` prints what `dsnet-bench --layers` does."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

from dsnet_edge.errors import DsnetError
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


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print
    fields: dict[str, Any] = json.loads(sys.argv[1])
    folder = fields.pop("bundle")
    job = LayersJob(**fields | {name: tuple(fields[name]) for name in ("cores", "paths")})
    try:
        keep_to(job.cores)
        found = measure_layers(open_bundle(folder), job.backend, job.paths, job.threads, job.seconds)
    except DsnetError as error:
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(1) from None
    paths = [{"path": path.path, "layers": [asdict(layer) for layer in path.layers]} for path in found.paths]
    record = {"threads": job.threads, "layers": {"peaks": asdict(found.peaks), "paths": paths}}
    print(json.dumps(record), file=answers, flush=True)


if __name__ == "__main__":
    main()
