"""Who runs a block on a device: `dsnet-bench` where there is nothing else, or Python with our package, for every backend."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dsnet_edge import __version__
from dsnet_edge.devices.device import Device, DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.profile.values import PathLayers, Peaks
from dsnet_edge.profiling.block import Job, job_text
from dsnet_edge.profiling.layers_process import LayersJob, layers_job_text
from dsnet_edge.profiling.layers_sliced import layers_from_bench
from dsnet_edge.profiling.raw import RawBlock, read_raw

_AT_MOST_S = 600.0  # beyond the block itself: opening and packing, the golden check, emulators
_ENVIRONMENT = (
    "OMP_NUM_THREADS=1",  # a second BLAS thread of NumPy would only stand in the way
    "OPENBLAS_NUM_THREADS=1",
    "GOMP_SPINCOUNT=20000",  # ncnn's threads wait actively between layers, but not for 10 ms behind the last one
    "PYTHONWARNINGS=ignore",
)


@dataclass(frozen=True)
class Worker:
    device: Device
    command: Callable[[Job], Sequence[str]]
    layers_command: Callable[[LayersJob], Sequence[str]]

    def run(self, job: Job) -> RawBlock:
        """One block in a fresh process there. DeviceError with what it said where it fails."""
        printed = self._printed(self.command(job), job.backend, job.seconds)
        return read_raw(printed, job.paths, job.samples, f"{job.backend} on the device")

    def layers(self, job: LayersJob) -> tuple[Peaks, tuple[PathLayers, ...]]:
        """In a fresh process, too."""
        printed = self._printed(self.layers_command(job), job.backend, job.seconds)
        try:
            found = layers_from_bench(json.loads(printed))
        except (ValueError, RecursionError):
            raise DeviceError(f"{job.backend} on the device: its record of layers is no JSON; profile again") from None
        if [path.path for path in found.paths] != list(job.paths):
            raise DeviceError(f"{job.backend} on the device: its record of layers has other paths; profile again")
        return found.peaks, tuple(replace(path, backend=job.backend) for path in found.paths)

    def _printed(self, argv: Sequence[str], backend: str, seconds: float) -> bytes:
        finished = self.device.run(argv, _AT_MOST_S + 3 * seconds)
        if finished.exit_code:
            raise DeviceError(f"measuring {backend} failed there: {_reason(finished.exit_code, finished.stderr)}")
        return finished.stdout


def bench_worker(device: Device, binary: str, model: str, golden: str) -> Worker:
    """`model.dsnet`, the golden folder and `dsnet-bench` lie on the device under these names."""

    def common(job: Job | LayersJob) -> list[str]:
        where = ["--cores", ",".join(map(str, job.cores))] if job.cores else ["--threads", str(job.threads)]
        paths = ",".join(map(str, job.paths))
        return [binary, model, *where, "--paths", paths, "--seconds", f"{job.seconds:g}", "--json", "-"]

    def command(job: Job) -> list[str]:
        check = ["--golden", golden] if job.check else []
        samples = ["--samples"] if job.samples else []
        return [*common(job), "--repeat", str(job.rounds), "--seed", str(job.seed), *check, *samples]

    return Worker(device, command, lambda job: [*common(job), "--layers"])


def python_worker(device: Device, python: str, bundle: str) -> Worker:
    module = ["env", *_ENVIRONMENT, python, "-m"]
    return Worker(
        device,
        lambda job: [*module, "dsnet_edge.profiling.block", job_text(bundle, job)],
        lambda job: [*module, "dsnet_edge.profiling.layers_process", layers_job_text(bundle, job)],
    )


def has_our_package(device: Device, python: str) -> bool:
    """Of this version; another one might measure another way."""
    finished = device.run([python, "-c", "import dsnet_edge; print(dsnet_edge.__version__)"], 60)
    return finished.exit_code == 0 and finished.stdout.decode(errors="replace").strip() == __version__


def _reason(exit_code: int, stderr: str) -> str:
    said = last_line(stderr)
    if exit_code == 132 or "llegal instruction" in stderr:
        return f"illegal instruction ({said or 'exit code 132'}); its processor lacks what the program was built for"
    if exit_code == 137:
        return "it was killed (exit code 137), most likely for want of memory; profile fewer paths or backends at a time"
    return said or f"exit code {exit_code}"
