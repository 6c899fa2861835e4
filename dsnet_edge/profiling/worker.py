"""Who runs a block on a device: `dsnet-bench` where there is nothing else, or Python with our package, for every backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsnet_edge import __version__
from dsnet_edge.devices.device import Device, DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.profiling.block import Job, job_text
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

    def run(self, job: Job) -> RawBlock:
        """One block in a fresh process there. DeviceError with what it said where it fails."""
        finished = self.device.run(self.command(job), _AT_MOST_S + 3 * job.seconds)
        if finished.exit_code:
            raise DeviceError(f"measuring {job.backend} failed there: {_reason(finished.exit_code, finished.stderr)}")
        return read_raw(finished.stdout, job.paths, job.samples, f"{job.backend} on the device")


def bench_worker(device: Device, binary: str, model: str, golden: str) -> Worker:
    """`model.dsnet`, the golden folder and `dsnet-bench` lie on the device under these names."""

    def command(job: Job) -> list[str]:
        where = ["--cores", ",".join(map(str, job.cores))] if job.cores else ["--threads", str(job.threads)]
        paths = ",".join(map(str, job.paths))
        options = ["--paths", paths, "--seconds", f"{job.seconds:g}", "--repeat", str(job.rounds), "--seed", str(job.seed)]
        check = ["--golden", golden] if job.check else []
        samples = ["--samples"] if job.samples else []
        return [binary, model, *where, *options, *check, *samples, "--json", "-"]

    return Worker(device, command)


def python_worker(device: Device, python: str, bundle: str) -> Worker:
    return Worker(device, lambda job: ["env", *_ENVIRONMENT, python, "-m", "dsnet_edge.profiling.block", job_text(bundle, job)])


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
