"""What the backends with a static graph a stage have in common: `prefix`, `gate` and `suffix_NN`, each called in three steps."""

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

    def __init__(self) -> None:
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
        """A normalised image `[h, w, 3]` as the prefix takes it."""

    @abstractmethod
    def leave(self, vector: Any) -> np.ndarray:
        """Scores or logits `[n]`, float32, from what the gate or a suffix gives."""

    def prefix(self, image: np.ndarray) -> Any:
        return self._call("prefix", self.enter(image))[0]

    def gate(self, feature: Any) -> tuple[np.ndarray, Any]:
        scores, attention = self._call("gate", feature)
        return self.leave(scores), attention

    def suffix(self, feature: Any, attention: Any, path: int) -> np.ndarray:
        return self.leave(self._call(suffix_stage(path), feature, attention)[0])

    def _call(self, stage: str, *inputs: Any) -> list[Any]:
        graph = self.graph(stage)
        graph.put(*inputs)
        graph.invoke()
        return graph.take()


def suffix_stage(path: int) -> str:
    return f"suffix_{path:02}"


def stage_names(n_paths: int) -> tuple[str, ...]:
    return "prefix", "gate", *map(suffix_stage, range(n_paths))


def stage_files(bundle: Bundle, backend: str) -> dict[str, str]:
    """The name of every stage's file, of a backend that has one for each."""
    entry = bundle.backend_files(backend)
    suffixes: list[str] = entry["suffixes"]
    if len(suffixes) != bundle.n_paths:
        found = f"{len(suffixes)} suffixes for {bundle.n_paths} paths"
        raise BundleError(f"{bundle.folder / 'manifest.json'}: backends.{backend} has {found}; convert it again")
    files = {"prefix": entry["prefix"], "gate": entry["gate"]}
    return files | {suffix_stage(path): name for path, name in enumerate(suffixes)}


def check_signature(file: FilePath, stage: str, n_inputs: int, n_outputs: int) -> None:
    """Raises BundleError where the graph in `file` cannot be this stage (docs/bundle.md)."""
    found, expected = (n_inputs, n_outputs), {"prefix": (1, 1), "gate": (1, 2)}.get(stage, (2, 1))
    if found != expected:
        raise BundleError(
            f"{file}: takes {found[0]} tensors and gives {found[1]}, expected {expected[0]} and {expected[1]}; convert it again"
        )
