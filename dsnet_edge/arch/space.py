"""Routing paths and the space they are drawn from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsnet_edge.errors import PathError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, order=True)
class Path:
    """One choice for every gate, in the order the gates run. A choice indexes the width lists of the blocks."""

    choices: tuple[int, ...]

    def __str__(self) -> str:
        return "-".join(str(choice) for choice in self.choices)


@dataclass(frozen=True)
class PathSpace:
    """The paths a network may take: gate `g` chooses one of `range(*gates[g])`.

    `teacher` is the path that teaches the others in training. It is the widest one, or, as in the authors' released
    code, a wider one that no gate can choose.
    """

    gates: tuple[tuple[int, int], ...]
    teacher: Path

    def __post_init__(self) -> None:
        if not self.gates or any(not 0 <= low < high for low, high in self.gates):
            raise ValueError(f"gates must be non-empty ranges of choices, found {self.gates}")
        if len(self.teacher.choices) != len(self.gates):
            raise ValueError(f"the teacher needs {len(self.gates)} choices, found {self.teacher}")

    def __len__(self) -> int:
        count = 1
        for low, high in self.gates:
            count *= high - low
        return count

    def paths(self) -> tuple[Path, ...]:
        """Every routable path, slimmest first."""
        return tuple(Path(choices) for choices in itertools.product(*(range(*gate) for gate in self.gates)))

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, Path) or len(path.choices) != len(self.gates):
            return False
        return all(low <= choice < high for choice, (low, high) in zip(path.choices, self.gates, strict=True))

    @property
    def slimmest(self) -> Path:
        return Path(tuple(low for low, _ in self.gates))

    @property
    def widest(self) -> Path:
        return Path(tuple(high - 1 for _, high in self.gates))

    def sample(self, generator: np.random.Generator) -> Path:
        """A path drawn uniformly."""
        return Path(tuple(int(generator.integers(low, high)) for low, high in self.gates))

    def restrict(self, low: int, high: int) -> PathSpace:
        """The sub-space in which every gate chooses from `low <= choice < high` (the paper's S, M and L models)."""
        narrowed = tuple((max(low, first), min(high, last)) for first, last in self.gates)
        if any(first >= last for first, last in narrowed):
            raise PathError(f"no choice is left in [{low}, {high}); the gates choose from {list(self.gates)}")
        return PathSpace(narrowed, self.teacher)
