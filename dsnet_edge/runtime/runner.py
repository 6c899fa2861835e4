"""One API over every backend: a photo in, a prediction out, on the path the gate or the caller chooses."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.errors import DsnetError, PathError
from dsnet_edge.profile import Profile, Sweep
from dsnet_edge.runtime.backend import Backend
from dsnet_edge.runtime.budget import policy_for
from dsnet_edge.runtime.bundle import Bundle, open_bundle
from dsnet_edge.runtime.policy import State, choose, initial
from dsnet_edge.runtime.preprocess import Photo, preprocess

BACKENDS = ("sliced", "executorch", "litert", "onnxruntime", "ncnn", "numpy")


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each stage of one inference."""

    preprocess_ms: float
    prefix_ms: float
    gate_ms: float
    suffix_ms: float

    @property
    def network_ms(self) -> float:
        return self.prefix_ms + self.gate_ms + self.suffix_ms


@dataclass(frozen=True)
class Prediction:
    label: str
    probability: float
    path: int  # index of the path taken
    routed: bool  # by the gate, not by the caller
    madds: int
    timing: Timing
    scores: np.ndarray  # [P], of the gate
    probabilities: np.ndarray  # [classes]
    labels: tuple[str, ...]
    bias: float  # that led the gate; 0 as it was trained, or where the caller chose
    spent: float | None  # an image on average up to here, in the unit of the budget; none without one

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable labels, best first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.labels[index], float(self.probabilities[index])) for index in order]


@dataclass(frozen=True)
class Stages:
    """What one inference computed, and how long each stage took."""

    logits: np.ndarray
    scores: np.ndarray
    path: int
    prefix_ms: float
    gate_ms: float
    suffix_ms: float
    bias: float = 0.0  # that led the gate


class Runner:
    """Runs a bundle. One Runner serves one thread at a time; several may open the same bundle.

    `cores` (sliced only) stands in for `threads`: one thread a core, the first for the caller, whose own thread is not moved
    (`pinned` does that), the others pinned.

    `bias`, or a budget and the profile that says what the paths cost, leads the gate to cheaper or dearer paths (docs/budget.md).
    `policy` may be exchanged between two images; `state` is where the images so far have brought it.
    """

    def __init__(
        self,
        bundle: Bundle | FilePath | str,
        backend: str = "sliced",
        threads: int = 1,
        cores: Sequence[int] = (),
        *,
        bias: float | None = None,
        budget_ms: float | None = None,
        budget_mj: float | None = None,
        profile: Profile | FilePath | str | None = None,
        sweep: Sweep | FilePath | str | None = None,
    ) -> None:
        if backend not in BACKENDS:
            raise DsnetError(f"no backend is called {backend!r}; choose one of {', '.join(BACKENDS)}")
        if threads < 1:
            raise DsnetError(f"threads must be at least 1, found {threads}")
        self.bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
        self.backend_name = backend
        if cores and backend != "sliced":
            raise DsnetError(f"cores can be given to the sliced backend only, found {backend}; use taskset instead")
        if not self.bundle.one_gate and (bias is not None or budget_ms is not None or budget_mj is not None):
            found = f"{self.bundle.folder} has {len(self.bundle.n_choices) or 'no'} gates"
            raise DsnetError(f"a bias or a budget leads a network of one gate, and {found}; leave it out, or name a path")
        self.policy = policy_for(
            self.bundle,
            backend,
            len(cores) or threads,
            bias=bias,
            budget_ms=budget_ms,
            budget_mj=budget_mj,
            profile=profile,
            sweep=sweep,
        )
        self.state: State = initial(self.policy)
        self.backend = _on_cores(self.bundle, cores) if cores else open_backend(backend)(self.bundle, threads)

    def __call__(self, photo: Photo, path: int | None = None) -> Prediction:
        """Classifies a photo on `path`, or on the path the gate chooses."""
        self.check_path(path)
        start = time.perf_counter()
        image = preprocess(photo, self.bundle.input)
        preprocess_ms = (time.perf_counter() - start) * 1e3
        stages = self.infer(image, path)
        probabilities = _softmax(stages.logits)
        best = int(probabilities.argmax())
        return Prediction(
            label=self.bundle.labels[best],
            probability=float(probabilities[best]),
            path=stages.path,
            routed=path is None,
            madds=self.bundle.madds[stages.path],
            timing=Timing(preprocess_ms, stages.prefix_ms, stages.gate_ms, stages.suffix_ms),
            scores=stages.scores,
            probabilities=probabilities,
            labels=self.bundle.labels,
            bias=stages.bias,
            spent=self.state.mean if self.policy.budget else None,
        )

    def logits(self, x: np.ndarray, path: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """`(logits [N, classes], paths [N])` of normalised float32 images `[N, H, W, 3]`."""
        expected = (self.bundle.input.height, self.bundle.input.width, 3)
        if x.ndim != 4 or x.shape[1:] != expected or x.dtype != np.float32:
            raise DsnetError(f"images must be float32 {['N', *expected]}, found {x.dtype} {list(x.shape)}; preprocess them first")
        stages = [self.infer(image, path) for image in x]
        if not stages:
            return np.zeros((0, len(self.bundle.labels)), np.float32), np.zeros(0, np.int64)
        return np.stack([s.logits for s in stages]), np.array([s.path for s in stages])

    def infer(self, image: np.ndarray, path: int | None = None) -> Stages:
        """All stages, each timed, on one normalised image `[H, W, 3]`."""
        self.check_path(path)
        image = np.ascontiguousarray(image)
        clock = time.perf_counter
        start = clock()
        feature = self.backend.prefix(image)
        prefix_ms, gate_ms, suffix_ms = 1e3 * (clock() - start), 0.0, 0.0
        scores: list[np.ndarray] = []
        taken: tuple[int, ...] = ()
        wanted = None if path is None else self.bundle.stages.taken(path)
        bias, attention = 0.0, None
        for gate in range(len(self.bundle.n_choices)):
            start = clock()
            found, attention = self.backend.gate(feature, taken)
            scores.append(found)
            if wanted is None:
                choice, bias = self._route(found)
            else:
                choice = wanted[gate]
            taken += (choice,)
            behind = clock()
            gate_ms += 1e3 * (behind - start)
            if len(taken) < len(self.bundle.n_choices):
                feature = self.backend.segment(feature, attention, taken)
                suffix_ms += 1e3 * (clock() - behind)
        index = self.bundle.path_of(taken) if path is None else path
        start = clock()
        logits = self.backend.suffix(feature, attention, index)
        suffix_ms += 1e3 * (clock() - start)
        every_score = np.concatenate(scores) if scores else np.zeros(0, np.float32)
        return Stages(logits, every_score, index, prefix_ms, gate_ms, suffix_ms, bias)

    def _route(self, scores: np.ndarray) -> tuple[int, float]:
        if not self.bundle.one_gate:  # whose policy has no bias
            return int(scores.argmax()), 0.0
        path, bias, self.state = choose(self.policy, self.state, scores)
        return path, bias

    def check_path(self, path: int | None) -> None:
        """Raises PathError unless `path` is an index of this bundle's paths, or None for the gate's choice."""
        if path is not None and not 0 <= path < self.bundle.n_paths:
            raise PathError(f"path {path} is out of range: {self.bundle.folder} has paths 0 to {self.bundle.n_paths - 1}")


def open_backend(name: str) -> Callable[[Bundle, int], Backend]:
    """The backend's class, imported only when asked for: each belongs to an extra of its own."""
    module, cls = {
        "sliced": ("sliced", "SlicedBackend"),
        "executorch": ("executorch", "ExecutorchBackend"),
        "litert": ("litert", "LitertBackend"),
        "onnxruntime": ("onnxruntime", "OnnxruntimeBackend"),
        "ncnn": ("ncnn", "NcnnBackend"),
        "numpy": ("oracle", "OracleBackend"),
    }[name]
    return getattr(importlib.import_module(f"dsnet_edge.runtime.{module}"), cls)


def _on_cores(bundle: Bundle, cores: Sequence[int]) -> Backend:
    from dsnet_edge.runtime.sliced import SlicedBackend

    return SlicedBackend(bundle, len(cores), cores)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits.astype(np.float64) - logits.max())
    return exponents / exponents.sum()
