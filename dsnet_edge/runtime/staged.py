"""What the backends with a static graph a stage have in common: `prefix`, `gate` and `suffix_NN`, each called in three steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np


class Graph(Protocol):
    """One stage. The three steps of a call are apart, so that a benchmark can time what is the runtime's own."""

    def put(self, *inputs: Any) -> None: ...

    def invoke(self) -> None: ...

    def take(self) -> list[Any]:
        """The outputs, the caller's to keep."""
        ...


class StagedBackend(ABC):
    """A `Backend` (runtime/backend.py) whose features and attention are whatever its graphs take and give."""

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
