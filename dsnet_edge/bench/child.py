"""Processes of their own for measurements: `python -m dsnet_edge.bench.child JOB`, the job and every answer in JSON.

ExecuTorch has one thread pool a process, and memory and the first opening can be measured only once in one. The answers, one a
line on standard output, are `{"progress": FRACTION}`, and at last `{"result": ...}` or `{"error": MESSAGE}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime.cores import keep_to

_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # a second BLAS thread of NumPy would only stand in the way
    "OPENBLAS_NUM_THREADS": "1",
    "GOMP_SPINCOUNT": "20000",  # ncnn's OpenMP threads wait actively between layers, but not for 10 ms behind the last one
    "PYTHONWARNINGS": "ignore",
}


def run_child(job: dict[str, Any], progress: Callable[[float], None] = lambda fraction: None) -> Any:
    """The result of a job: `{"do": "rounds" | "opening" | "memory", "cores": [...]}` and its arguments.

    The process is kept to the cores, if there are any, before it loads a runtime.
    """
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(
            [sys.executable, "-m", "dsnet_edge.bench.child", json.dumps(job)],
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            env=os.environ | _ENVIRONMENT,
        )
        assert process.stdout is not None  # it is a pipe
        try:
            for line in process.stdout:
                answer = json.loads(line)
                if "error" in answer:
                    raise DsnetError(answer["error"])
                if "result" in answer:
                    return answer["result"]
                progress(answer["progress"])
        finally:
            process.kill()
            process.communicate()
        noise.seek(0)
        said = noise.read().decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else "it printed nothing"
        raise DsnetError(f"measuring ended with exit code {process.returncode}: {reason}; please report this")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the libraries print

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers)

    job = json.loads(sys.argv[1])
    try:
        keep_to(job["cores"])
        answer(result=_do(job.pop("do"), job, lambda fraction: answer(progress=fraction)))
    except DsnetError as error:
        answer(error=str(error))


def _do(name: str, job: dict[str, Any], progress: Callable[[float], None]) -> Any:
    if name == "rounds":
        from dsnet_edge.bench.compare import compare

        job["sliced"], job["ideal"] = FilePath(job["sliced"]), [FilePath(file) for file in job["ideal"]]
        return asdict(compare(**job, progress=progress))
    from dsnet_edge.bench import fresh

    measure = {"opening": fresh.opening, "memory": fresh.memory}[name]
    return measure(job["folder"], job["backend"])


if __name__ == "__main__":
    main()
