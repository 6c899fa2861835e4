"""Who takes part in a benchmark: each runs an image on a path and says how long its stages took, and nothing else.

What is timed is each runtime's own call on inputs that are already in place: not the copies between the graphs of a peer, and
not Python's handling of arrays.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Protocol

import numpy as np

from dsnet_edge import _native
from dsnet_edge.errors import DsnetError, require_installed
from dsnet_edge.runtime.bundle import Bundle, target_of
from dsnet_edge.runtime.runner import Stages, open_backend
from dsnet_edge.runtime.staged import StagedBackend

# And what must be installed for them.
PEERS = {"litert": "ai_edge_litert", "executorch": "executorch.runtime", "onnxruntime": "onnxruntime", "ncnn": "ncnn"}
_FP32_ONLY = ("ncnn",)


class Contender(Protocol):
    def infer(self, image: np.ndarray, path: int) -> Stages:
        """Prefix, gate and suffix of a normalised image `[h, w, 3]` on a path, each timed; of several gates, those together, and
        all segments behind the first."""
        ...


class Sliced:
    """The native runtime on one `model.dsnet`. It reads its own clock between the stages."""

    def __init__(self, file: FilePath, threads: int, strategy: str = "slicing", cores: Sequence[int] = ()) -> None:
        """With `cores`, one for each thread: the first is for the caller to keep to, the others get their thread."""
        self.session = _native.Session(_native.Model(str(file), strategy), threads, cores=cores)

    def infer(self, image: np.ndarray, path: int) -> Stages:
        """Path -1 lets the gate choose; the time of choosing is the gate's."""
        logits, taken, scores, times = self.session.run(image, path)
        return Stages(logits, scores, taken, *times)


class Ideal:
    """The same kernels on a `model.dsnet` for each path that holds this path only, packed on its own."""

    def __init__(self, files: Sequence[FilePath], threads: int, cores: Sequence[int] = ()) -> None:
        self.paths = [Sliced(file, threads, cores=cores) for file in files]

    def infer(self, image: np.ndarray, path: int) -> Stages:
        return self.paths[path].infer(image, 0)


class Peer:
    """A runtime with a static graph a stage, all of them opened beforehand."""

    def __init__(self, backend: StagedBackend) -> None:
        self.backend, self.stages = backend, backend.stages
        for stage in self.stages.all():
            backend.graph(stage)

    def infer(self, image: np.ndarray, path: int) -> Stages:
        times = {"prefix": 0.0, "gate": 0.0, "suffix": 0.0}
        values, scores = [self.backend.enter(image)], [np.zeros(0, np.float32)]
        names = self.stages.of_path(path)
        for name in names:
            part = "gate" if name.startswith("gate") else "prefix" if name == names[0] and self.stages.n_gates else "suffix"
            graph = self.backend.graph(name)
            graph.put(*values)
            start = time.perf_counter()
            graph.invoke()
            times[part] += (time.perf_counter() - start) * 1e3
            found = graph.take()
            if part == "gate":
                scores.append(self.backend.leave(found[0]))
            values = [values[0], found[1]] if part == "gate" else found  # a segment takes features and attention
        return Stages(self.backend.leave(values[0]), np.concatenate(scores), path, *times.values())


def open_peer(bundle: Bundle, name: str, threads: int) -> Peer:
    backend = open_backend(name)(bundle, threads)
    assert isinstance(backend, StagedBackend)  # every peer is
    return Peer(backend)


def check_peers(names: Sequence[str]) -> None:
    for name in names:
        if name not in PEERS:
            raise DsnetError(f"--peers: there is no peer {name!r}; choose from {', '.join(PEERS)}")
        require_installed(PEERS[name], target_of(name))


def peers_of(bundle: Bundle, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the peers that run in the bundle's precision. Raises BundleError where it has no files for one of them."""
    peers = tuple(name for name in names if bundle.precision == "fp32" or name not in _FP32_ONLY)
    for name in peers:
        bundle.backend_files(name)
    return peers
