"""Which series a device can measure, and what it takes: `dsnet-bench` and the model are pushed, or its own Python is used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge import __version__
from dsnet_edge.devices.binary import bench_for, processor_of
from dsnet_edge.devices.device import Device, DeviceError
from dsnet_edge.errors import BundleError, DsnetError, require_installed
from dsnet_edge.profile.values import Core
from dsnet_edge.profiling.contenders import PEERS
from dsnet_edge.profiling.measure import Lane
from dsnet_edge.profiling.worker import Worker, bench_worker, has_our_package, python_worker
from dsnet_edge.runtime.bundle import Bundle, target_of

_Workers = tuple[dict[str, Worker], str, str]  # and `Ready.python`, `Ready.bundle`
_GOLDEN = ("images", "scores", "logits")
PROFILED = ("sliced", *PEERS)  # the oracle is not for speed


@dataclass(frozen=True)
class Tools:
    """What the user has, or wants used."""

    bench: FilePath | None = None  # a dsnet-bench for the device; else the checkout's
    python: str = "python3"  # of the device, where our package may be
    cores: tuple[int, ...] | None = None  # None: big ones, as many as there are threads; (): wherever the system wants


@dataclass(frozen=True)
class Ready:
    """A device that has what it takes."""

    lanes: tuple[Lane, ...]
    python: str  # that has our package, and can prepare photos; empty if there is none
    bundle: str  # where the bundle is on the device, for that


def open_lanes(
    device: Device,
    bundle: Bundle,
    backends: Sequence[str],
    threads: Sequence[int],
    cores: Sequence[Core],
    tools: Tools,
    progress: Callable[[float], None],
) -> Ready:
    """A lane for each backend and number of threads. DeviceError or DsnetError where one of them cannot run there."""
    for backend in backends:
        if backend not in PROFILED:
            raise DsnetError(f"--backend: {backend!r} cannot be profiled; choose from {', '.join(PROFILED)}")
        bundle.backend_files(backend)
    here = device.kind == "local"
    workers, python, folder = _here(device, bundle, backends) if here else _there(device, bundle, backends, tools, progress)
    lanes = (Lane(name, count, _cores_for(count, cores, tools), worker) for name, worker in workers.items() for count in threads)
    return Ready(tuple(lanes), python, folder)


def _here(device: Device, bundle: Bundle, backends: Sequence[str]) -> _Workers:
    for backend in backends:
        if backend in PEERS:
            require_installed(PEERS[backend], target_of(backend))
    folder = str(bundle.folder.resolve())
    return dict.fromkeys(backends, python_worker(device, sys.executable, folder)), sys.executable, folder


def _there(device: Device, bundle: Bundle, backends: Sequence[str], tools: Tools, progress: Callable[[float], None]) -> _Workers:
    workers: dict[str, Worker] = {}
    problem: DeviceError | None = None
    if "sliced" in backends:
        try:
            binary = bench_for(processor_of(device), tools.bench)
        except DeviceError as error:
            if tools.bench is not None:
                raise
            problem = error  # its Python may do
        else:
            workers["sliced"] = _bench(device, bundle, binary, progress)
    others = [backend for backend in backends if backend not in workers]
    folder = ""
    if others:
        if not has_our_package(device, tools.python):
            raise problem or DeviceError(
                f"{', '.join(others)} need dsnet-edge {__version__} on the device, and {tools.python} there has not got it; "
                "install it (docs/arm.md), name another with --python, or profile with --backend sliced"
            )
        folder = device.push(bundle.folder, "bundle", progress)
        workers |= dict.fromkeys(others, python_worker(device, tools.python, folder))
    return {backend: workers[backend] for backend in backends}, tools.python if others else "", folder


def _bench(device: Device, bundle: Bundle, binary: FilePath, progress: Callable[[float], None]) -> Worker:
    model = bundle.file(bundle.backend_files("sliced")["file"])
    golden = {name: bundle.file(bundle.manifest["golden"][name]) for name in _GOLDEN}  # checked against the manifest
    folders = {file.parent for name, file in golden.items() if file.name == f"{name}.npy"}
    if folders != {file.parent for file in golden.values()} or len(folders) != 1:
        raise BundleError(f"{bundle.folder}: dsnet-bench wants {', '.join(_GOLDEN)} as .npy in one folder; convert it again")
    pushed_binary = device.push(binary, "dsnet-bench")
    pushed_model = device.push(model, "model.dsnet", progress)
    return bench_worker(device, pushed_binary, pushed_model, device.push(folders.pop(), "golden"))


def _cores_for(threads: int, cores: Sequence[Core], tools: Tools) -> tuple[int, ...]:
    """One big core a thread, the last ones, as the first have the interrupts; none where there are not enough of them."""
    if tools.cores is None:
        big = [core.number for core in cores if core.big]
        return tuple(big[-threads:]) if threads <= len(big) else ()
    if tools.cores and len(tools.cores) < threads:
        raise DsnetError(f"--cores names {len(tools.cores)} for {threads} threads; name more, or lower --threads")
    return tools.cores[:threads]
