"""The static graphs of a network by name, and which of them a path runs (docs/bundle.md).

With one gate they are `prefix`, `gate` and a suffix a path; without one, suffixes alone. With several, a segment has a graph for
each pair of the choices right before and behind the block it begins in, since nothing else decides on its widths, and a gate for
each choice before it. Choices are numbered from 0 among those that the bundle's gates have.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class StageNames:
    n_choices: tuple[int, ...]  # of each gate; without gates, none
    n_paths: int

    @property
    def n_gates(self) -> int:
        return len(self.n_choices)

    def taken(self, path: int) -> tuple[int, ...]:
        """The choice at every gate that leads to a path."""
        return tuple(path // math.prod(self.n_choices[gate + 1 :]) % n for gate, n in enumerate(self.n_choices))

    def gate(self, taken: tuple[int, ...] = ()) -> str:
        """Of the gate behind these choices."""
        if self.n_gates == 1:
            return "gate"
        return "_".join(["gate", str(len(taken)), *(f"{choice:02}" for choice in taken[-1:])])

    def segment(self, taken: tuple[int, ...] = ()) -> str:
        """Of the segment behind these choices, of a network with several gates."""
        return "_".join(["segment", str(len(taken)), *(f"{choice:02}" for choice in taken[-2:])])

    def suffix(self, path: int) -> str:
        """Of what lies behind the last gate, on a path."""
        return self.segment(self.taken(path)) if self.n_gates > 1 else f"suffix_{path:02}"

    def signature(self, stage: str) -> tuple[int, int]:
        """How many tensors a stage takes and gives."""
        if stage.startswith("gate"):
            return 1, 2
        takes_image = not self.n_gates or stage == self.before_choices()[0]
        return 1 if takes_image else 2, 1

    def before_choices(self) -> tuple[str, ...]:
        """The stages that run whatever the path is."""
        if self.n_gates == 0:
            return ()
        return ("prefix" if self.n_gates == 1 else self.segment()), self.gate()

    def of_path(self, path: int) -> tuple[str, ...]:
        """In the order they run."""
        if self.n_gates < 2:
            return (*self.before_choices(), self.suffix(path))
        taken = self.taken(path)
        names = (name for gate in range(self.n_gates) for name in (self.segment(taken[:gate]), self.gate(taken[:gate])))
        return (*names, self.segment(taken))

    def all(self) -> tuple[str, ...]:
        if self.n_gates < 2:
            return (*self.before_choices(), *map(self.suffix, range(self.n_paths)))
        return tuple(name for taken in self.branches() for name in self.at(taken))

    def branches(self) -> tuple[tuple[int, ...], ...]:
        """Of several gates: choices that lead to every segment by every pair of its last two, the earlier ones alternating."""
        found: list[tuple[int, ...]] = [()]
        for level in range(1, self.n_gates + 1):
            last_two = (range(n) for n in self.n_choices[max(0, level - 2) : level])
            found += (self._alternating(level, pair) for pair in itertools.product(*last_two))
        return tuple(found)

    def at(self, taken: tuple[int, ...]) -> tuple[str, ...]:
        """The segment behind these choices, and the gate behind it: once, though several pairs lead to it."""
        gate = len(taken) < self.n_gates and not any(taken[-2:-1])
        return self.segment(taken), *((self.gate(taken),) if gate else ())

    def _alternating(self, level: int, pair: tuple[int, ...]) -> tuple[int, ...]:
        places = range(level)
        return tuple(pair[(place - level) % len(pair)] % self.n_choices[place] for place in places)
