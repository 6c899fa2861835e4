"""What the backends with a static graph a stage have in common, each called in three steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path as FilePath
from typing import Any, Protocol

import numpy as np

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime.bundle import Bundle


class Graph(Protocol):
    """One stage. The three steps of a call are apart, so that a benchmark can time what is the runtime's own."""

    def put(self, *inputs: Any) -> None: ...

    def invoke(self) -> None: ...

    def take(self) -> list[Any]:
        """The outputs, the caller's to keep."""
        ...


class StagedBackend(ABC):
    """A `Backend` (runtime/backend.py) whose features and attention are whatever its graphs take and give."""

    runtime = ""  # see Backend

    def __init__(self, bundle: Bundle) -> None:
        self.stages = bundle.stages
        self.graphs: dict[str, Graph] = {}

    def graph(self, stage: str) -> Graph:
        """Opened when it is first asked for: runtimes pack a copy of its weights then, so unused paths cost nothing."""
        if stage not in self.graphs:
            self.graphs[stage] = self.open(stage)
        return self.graphs[stage]

    @abstractmethod
    def open(self, stage: str) -> Graph: ...

    @abstractmethod
    def enter(self, image: np.ndarray) -> Any:
        """A normalised image `[h, w, 3]` as the first stage takes it."""

    @abstractmethod
    def leave(self, vector: Any) -> np.ndarray:
        """Scores or logits `[n]`, float32, from what the gate or a suffix gives."""

    def prefix(self, image: np.ndarray) -> Any:
        entered = self.enter(image)
        return self._call(self.stages.before_choices()[0], entered)[0] if self.stages.n_gates else entered

    def gate(self, feature: Any, taken: tuple[int, ...] = ()) -> tuple[np.ndarray, Any]:
        if not self.stages.n_gates:
            return np.zeros(0, np.float32), None
        scores, attention = self._call(self.stages.gate(taken), feature)
        return self.leave(scores), attention

    def segment(self, feature: Any, attention: Any, taken: tuple[int, ...]) -> Any:
        return self._call(self.stages.segment(taken), feature, attention)[0]

    def suffix(self, feature: Any, attention: Any, path: int) -> np.ndarray:
        inputs = (feature, attention) if self.stages.n_gates else (feature,)
        return self.leave(self._call(self.stages.suffix(path), *inputs)[0])

    def _call(self, stage: str, *inputs: Any) -> list[Any]:
        graph = self.graph(stage)
        graph.put(*inputs)
        graph.invoke()
        return graph.take()


def stage_files(bundle: Bundle, backend: str) -> dict[str, str]:
    """The name of every stage's file, of a backend that has one for each."""
    entry, stages = bundle.backend_files(backend), bundle.stages
    if stages.n_gates == 1:
        files = dict(zip(stages.all(), [entry["prefix"], entry["gate"], *entry["suffixes"]], strict=False))
    else:
        files = dict(entry["stages"])
    if set(files) != set(stages.all()):
        where = f"{bundle.folder / 'manifest.json'}: backends.{backend}"
        raise BundleError(f"{where} has {len(files)} stages, expected {len(stages.all())}; convert it again")
    return files


def check_signature(file: FilePath, expected: tuple[int, int], found: tuple[int, int]) -> None:
    """Raises BundleError where the graph in `file` takes or gives another number of tensors than its stage (docs/bundle.md)."""
    if found != expected:
        raise BundleError(
            f"{file}: takes {found[0]} tensors and gives {found[1]}, expected {expected[0]} and {expected[1]}; convert it again"
        )
