"""One block in a fresh process: `python -m dsnet_edge.profiling.block JOB`, the job and the answer in JSON.

The answer has the fields of `dsnet-bench --samples --json -` that `raw.py` reads, so that a device without Python is measured the
same way: open, run once, warm up, then rounds of every path in random order, one timed inference each. The inference before a
timed one took another path, as it may in use.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.profiling.answer import answer
from dsnet_edge.profiling.contenders import Contender, Peer, Sliced
from dsnet_edge.profiling.process import Trusted, open_trusted, resident_bytes, warm_page_cache
from dsnet_edge.runtime.cores import keep_to, pinned
from dsnet_edge.runtime.runner import open_backend
from dsnet_edge.runtime.staged import StagedBackend

WARM_UP_ROUNDS, LEAST_ROUNDS = 2, 3


@dataclass(frozen=True)
class Job:
    backend: str
    threads: int
    cores: tuple[int, ...]  # one a thread, or none
    paths: tuple[int, ...]
    seconds: float  # to go on for, though not with fewer than LEAST_ROUNDS
    rounds: int  # at most
    seed: int
    check: bool  # compare with the golden outputs first
    samples: bool  # give every sample, not only their number


@dataclass(frozen=True)
class _Opened:
    contender: Contender
    runtime: str
    open_ms: float
    first_run_ms: float


def run_block(folder: str, job: Job) -> dict[str, Any]:
    """What `dsnet-bench` would print."""
    if job.check:
        check_golden(folder, job)
    keep_to(job.cores)
    bundle = open_trusted(folder, job.backend)
    images = np.load(bundle.file(bundle.manifest["golden"]["images"]))
    warm_page_cache(bundle)
    before = resident_bytes()
    opened = _open(bundle, job, images[0])
    with pinned(job.cores):
        for _ in range(WARM_UP_ROUNDS):
            for path in job.paths:
                opened.contender.infer(images[0], path)
        after = resident_bytes()
        samples, begin_s, end_s = _rounds(opened.contender, images, job)
    record: dict[str, Any] = {
        "runtime": opened.runtime,
        "runs": len(samples),
        "begin_uptime_s": begin_s,
        "end_uptime_s": end_s,
        "first_result_ms": {"open": opened.open_ms, "session": 0.0, "run": opened.first_run_ms},
        "memory_bytes": {"anonymous": max(0, after[0] - before[0]), "file": max(0, after[1] - before[1])},
    }
    return record | ({"samples": _by_path(samples, job.paths)} if job.samples else {})


def check_golden(folder: str, job: Job) -> None:
    """In a process of its own, so that nothing is loaded or packed yet when the opening is timed."""
    options = ["run", folder, "--self-test", "--backend", job.backend, "--threads", str(job.threads)]
    tested = subprocess.run([sys.executable, "-m", "dsnet_edge", *options], capture_output=True, text=True, check=False)
    if tested.returncode == 1:
        raise DsnetError(
            f"{folder}: {job.backend} misses the bundle's golden outputs here, so its times mean nothing; "
            f"look with: dsnet-edge {' '.join(options)}"
        )
    if tested.returncode:
        said = tested.stderr.strip().splitlines()
        raise DsnetError(said[-1].removeprefix("error: ") if said else f"its self-test ended with {tested.returncode}")


def _open(bundle: Trusted, job: Job, image: np.ndarray) -> _Opened:
    """Timed until the first logits, on the path that the gate chooses."""
    start = time.perf_counter()
    if job.backend == "sliced":
        sliced = Sliced(bundle.file(bundle.backend_files("sliced")["file"]), job.threads, cores=job.cores)
        opened = time.perf_counter()
        sliced.infer(image, -1)
        ran = time.perf_counter()
        from dsnet_edge import __version__

        runtime = f"dsnet_edge {__version__}, {sliced.session.isa}"
        return _Opened(sliced, runtime, (opened - start) * 1e3, (ran - opened) * 1e3)
    backend = open_backend(job.backend)(bundle, job.threads)
    opened = time.perf_counter()
    feature = backend.prefix(image)
    scores, attention = backend.gate(feature)
    backend.suffix(feature, attention, int(scores.argmax()))
    ran = time.perf_counter()
    assert isinstance(backend, StagedBackend)  # every other that can be profiled
    return _Opened(Peer(backend), backend.runtime, (opened - start) * 1e3, (ran - opened) * 1e3)


def _rounds(contender: Contender, images: np.ndarray, job: Job) -> tuple[list[np.ndarray], float, float]:
    """`[paths, 3]` milliseconds of every round, and the clock of /proc/uptime before and after."""
    generator = np.random.default_rng(job.seed)
    rounds: list[np.ndarray] = []
    begin = time.clock_gettime(time.CLOCK_BOOTTIME)
    end = begin + job.seconds
    while len(rounds) < LEAST_ROUNDS or (len(rounds) < job.rounds and time.clock_gettime(time.CLOCK_BOOTTIME) < end):
        times = np.empty((len(job.paths), 3))
        image = images[len(rounds) % len(images)]
        for position in generator.permutation(len(job.paths)):
            stages = contender.infer(image, job.paths[position])
            times[position] = stages.prefix_ms, stages.gate_ms, stages.suffix_ms
        rounds.append(times)
    return rounds, begin, time.clock_gettime(time.CLOCK_BOOTTIME)


def _by_path(rounds: Sequence[np.ndarray], paths: Sequence[int]) -> dict[str, Any]:
    times = np.stack(rounds)  # [rounds, paths, 3]
    prefix, gate = (times[:, :, stage].reshape(-1).round(6).tolist() for stage in (0, 1))
    by_path = [
        {"path": path, "suffix_ms": times[:, i, 2].round(6).tolist(), "total_ms": times[:, i].sum(1).round(6).tolist()}
        for i, path in enumerate(paths)
    ]
    return {"prefix_ms": prefix, "gate_ms": gate, "paths": by_path}


def job_text(folder: str, job: Job) -> str:
    return json.dumps({"bundle": folder, **asdict(job)})


if __name__ == "__main__":
    answer(lambda fields: run_block(fields.pop("bundle"), Job(**fields)))
