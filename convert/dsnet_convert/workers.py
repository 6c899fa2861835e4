"""Shares conversion jobs out to worker processes (`dsnet_convert.worker`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path as FilePath
from typing import IO

from dsnet_convert.files import MAKE_ROOM, NO_ROOM, naming
from dsnet_convert.samples import Samples
from dsnet_convert.sliced import write_sliced
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.signals import undisturbed

Job = tuple[str, str]  # target, stage ("" merges the target's stages into one file)
Report = Callable[[Job], None]  # called with every job that is done, from any thread

_MOST = 4  # processes; each holds up to a gigabyte

# One thread each: the work is Python, and the processes are what runs in parallel.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LITERT_TORCH_SHOW_PROGRESS": "0",
    "PYTHONWARNINGS": "ignore",
}


class Workers:
    """Processes that convert an fp32 plan into a folder. They start with the first jobs and end with the block.

    int8 needs samples.
    """

    def __init__(self, plan: Plan, folder: FilePath, precision: Precision = "fp32", samples: Samples | None = None) -> None:
        self._plan, self._folder, self._precision, self._samples = plan, folder, precision, samples
        self._scratch = tempfile.TemporaryDirectory(prefix="dsnet-edge-")
        self._processes: list[_Process] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._processes:
            process.close()
        self._scratch.cleanup()

    def run(self, jobs: Iterable[Job], report: Report) -> None:
        """Runs the jobs, in order of start, on as many processes as there are CPUs. Raises DsnetError if one fails."""
        queue = _Queue(jobs)
        processes = self._started(min(len(os.sched_getaffinity(0)), len(queue.jobs), _MOST))
        with ThreadPoolExecutor(len(processes) or 1) as pool:
            futures = [pool.submit(process.serve, queue, report) for process in processes]
            try:
                finished, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
            except BaseException:
                queue.jobs.clear()
                for process in processes:
                    process.kill()  # its thread then sees the end of its pipe
                raise

    def _started(self, count: int) -> list[_Process]:
        while len(self._processes) < count:
            arguments = self._arguments()
            with undisturbed():
                self._processes.append(_Process(arguments, self._scratch.name))
        return self._processes[:count]

    def _arguments(self) -> list[str]:
        scratch = FilePath(self._scratch.name)
        model, samples = scratch / "model.dsnet", scratch / "samples.npz"
        if not model.exists():
            with naming(scratch):
                write_sliced(self._plan, model)
                if self._samples is not None:
                    self._samples.save(samples)
        inputs = [model, self._folder, self._precision] + ([samples] if self._samples is not None else [])
        return [str(argument) for argument in inputs]


class _Queue:
    """Jobs still to be taken."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = list(jobs)
        self._lock = threading.Lock()

    def take(self, target: str) -> Job | None:
        """One of `target`, which the process has imported; else of the target with the most jobs left, to be imported now."""
        with self._lock:
            if not self.jobs:
                return None
            counts = Counter(job[0] for job in self.jobs)
            chosen = target if target in counts else counts.most_common(1)[0][0]
            return self.jobs.pop(next(index for index, job in enumerate(self.jobs) if job[0] == chosen))


class _Process:
    """One process and the file that keeps its noise. Its temporary files go to `scratch`, where they cannot outlive it."""

    def __init__(self, arguments: list[str], scratch: str) -> None:
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dsnet_convert.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=os.environ | _ENVIRONMENT | {"TMPDIR": scratch},
        )
        self.kill = self.process.kill
        self._target = ""  # of its last job

    def serve(self, queue: _Queue, report: Report) -> None:
        """Takes jobs from the queue until it is empty."""
        while job := queue.take(self._target):
            self._target = job[0]
            self._run(job)
            report(job)

    def _run(self, job: Job) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None  # both are pipes
        try:
            print(json.dumps(job), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            raise self._death(job) from None
        line = self.process.stdout.readline()
        if not line:
            raise self._death(job)
        answer = json.loads(line)
        if "error" in answer:
            raise DsnetError(answer["error"])

    def _death(self, job: Job) -> DsnetError:
        """What the process last said, in one line."""
        code = self.process.wait()
        what = f"converting {' '.join(filter(None, job))}"
        if code == -signal.SIGKILL:
            return DsnetError(f"{what}: its process was killed, as the system does for want of memory; free some and try again")
        self.log.seek(0)
        lines = [line for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else "it printed nothing"
        fix = MAKE_ROOM if any(os.strerror(number) in reason for number in NO_ROOM) else "please report this"
        return DsnetError(f"{what} ended with exit code {code}: {reason}; {fix}")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.log.close()
