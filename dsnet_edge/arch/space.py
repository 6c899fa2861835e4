"""Routing paths and the space they are drawn from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    """The paths a network may take: gate `g` chooses one of `gates[g]`, which increase. Without gates there is one list of
    choices, the caller's.

    `teacher` is the path that teaches the others in training. It is the widest one, or, as in the authors' released
    code, a wider one that no gate can choose.
    """

    gates: tuple[tuple[int, ...], ...]
    teacher: Path
    has_gates: bool = True

    def __post_init__(self) -> None:
        if not self.gates or any(not gate or gate[0] < 0 or list(gate) != sorted(set(gate)) for gate in self.gates):
            raise ValueError(f"every gate needs choices that increase from 0 up, found {self.gates}")
        if len(self.teacher.choices) != len(self.gates):
            raise ValueError(f"the teacher needs {len(self.gates)} choices, found {self.teacher}")

    @staticmethod
    def of(paths: Iterable[Path], has_gates: bool = True) -> PathSpace:
        """The space of exactly these paths, of which the widest teaches. Raises PathError where the gates could take others."""
        wanted = sorted(set(paths))
        if not wanted:
            raise PathError("no path is left; choose at least one")
        gates = tuple(tuple(sorted(set(column))) for column in zip(*(path.choices for path in wanted), strict=True))
        space = PathSpace(gates, wanted[-1], has_gates)
        if len(space) != len(wanted):
            raise PathError(f"the gates choose from {_listed(gates)}, which makes {len(space)} paths and not {len(wanted)}")
        return space

    def __len__(self) -> int:
        return math.prod(len(gate) for gate in self.gates)

    def paths(self) -> tuple[Path, ...]:
        """Every routable path, slimmest first."""
        return tuple(Path(choices) for choices in itertools.product(*self.gates))

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, Path) or len(path.choices) != len(self.gates):
            return False
        return all(choice in gate for choice, gate in zip(path.choices, self.gates, strict=True))

    def index(self, path: Path) -> int:
        """The place of a path among `paths()`, and with one gate that of its score."""
        if path not in self:
            raise PathError(f"no gate can choose path {path}; the gates choose from {_listed(self.gates)}")
        place = 0
        for choice, gate in zip(path.choices, self.gates, strict=True):
            place = place * len(gate) + gate.index(choice)
        return place

    @property
    def slimmest(self) -> Path:
        return Path(tuple(gate[0] for gate in self.gates))

    @property
    def widest(self) -> Path:
        return Path(tuple(gate[-1] for gate in self.gates))

    def sample(self, generator: np.random.Generator) -> Path:
        """A path drawn uniformly."""
        return Path(tuple(gate[int(generator.integers(len(gate)))] for gate in self.gates))

    def restrict(self, low: int, high: int) -> PathSpace:
        """The sub-space in which every gate chooses from `low <= choice < high` (the paper's S, M and L models)."""
        narrowed = tuple(tuple(choice for choice in gate if low <= choice < high) for gate in self.gates)
        if not all(narrowed):
            raise PathError(f"no choice is left in [{low}, {high}); the gates choose from {_listed(self.gates)}")
        return replace(self, gates=narrowed)

    def choose(self, choices: Iterable[int]) -> PathSpace:
        """The sub-space in which every gate chooses from `choices`, in any order. Raises PathError for one that a gate lacks."""
        wanted: set[int] = set()
        for choice in choices:  # which may be more than memory holds, up to the first that is unknown
            if not all(choice in gate for gate in self.gates):
                raise PathError(f"there is no choice {choice}; the gates choose from {_listed(self.gates)}")
            wanted.add(choice)
        if not wanted:
            raise PathError(f"no choice is left; choose from {_listed(self.gates)}")
        return replace(self, gates=(tuple(sorted(wanted)),) * len(self.gates))


def _listed(gates: tuple[tuple[int, ...], ...]) -> str:
    """`0 to 3, 6, 13`, for each gate that differs."""
    return "; ".join(dict.fromkeys(_spans(gate) for gate in gates))


def _spans(choices: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for choice in choices:
        if runs and choice == runs[-1][-1] + 1:
            runs[-1].append(choice)
        else:
            runs.append([choice])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
