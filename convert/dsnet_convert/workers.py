"""Shares conversion jobs out to worker processes (`dsnet_convert.worker`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path as FilePath
from typing import IO

import numpy as np

from dsnet_convert.sliced import write_sliced
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan

Job = tuple[str, str]  # target, stage ("" where the target is one file)
Report = Callable[[str, str], None]  # target, stage

# One thread each: the work is Python, and the processes are what runs in parallel.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LITERT_TORCH_SHOW_PROGRESS": "0",
    "PYTHONWARNINGS": "ignore",
}


def run_jobs(plan: Plan, folder: FilePath, jobs: Sequence[Job], report: Report, calibration: np.ndarray | None = None) -> None:
    """Runs the jobs, in order of start, on as many processes as there are CPUs, up to four. Raises DsnetError if one fails.

    The plan is the fp32 one; with `calibration` images `[n, h, w, 3]` it is converted to int8.
    """
    with tempfile.TemporaryDirectory(prefix="dsnet-edge-") as scratch:
        model, images = FilePath(scratch) / "model.dsnet", FilePath(scratch) / "calibration.npy"
        write_sliced(plan, model)
        if calibration is not None:
            np.save(images, calibration)
        _run_jobs([model, folder] + ([images] if calibration is not None else []), jobs, report)


def _run_jobs(arguments: list[FilePath], jobs: Sequence[Job], report: Report) -> None:
    queue = deque(jobs)
    count = min(len(os.sched_getaffinity(0)), len(jobs), 4)  # each holds up to a gigabyte
    workers = [_Worker(arguments) for _ in range(count)]
    try:
        with ThreadPoolExecutor(count) as pool:
            futures = [pool.submit(worker.serve, queue, report) for worker in workers]
            try:
                finished, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
            except BaseException:
                queue.clear()
                for worker in workers:
                    worker.process.kill()  # its thread then sees the end of its pipe
                raise
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """One process and the file that keeps its noise."""

    def __init__(self, arguments: list[FilePath]) -> None:
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dsnet_convert.worker", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=os.environ | _ENVIRONMENT,
        )

    def serve(self, queue: deque[Job], report: Report) -> None:
        """Takes jobs from the queue until it is empty."""
        while True:
            try:
                job = queue.popleft()
            except IndexError:
                return
            self._run(job, report)

    def _run(self, job: Job, report: Report) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None  # both are pipes
        try:
            print(json.dumps(job), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            raise self._death(job) from None
        for line in self.process.stdout:
            event = json.loads(line)
            if "error" in event:
                raise DsnetError(event["error"])
            if "done" in event:
                return
            report(job[0], event["stage"])
        raise self._death(job)

    def _death(self, job: Job) -> DsnetError:
        """What the process last said, in one line."""
        code = self.process.wait()
        self.log.seek(0)
        lines = [line for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else "it printed nothing"
        return DsnetError(f"converting {' '.join(filter(None, job))} ended with exit code {code}: {reason}; please report this")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.log.close()
