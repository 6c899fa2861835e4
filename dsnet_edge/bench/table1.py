"""The paper's Table 1 for this machine: what it costs to run a narrow path, by the way it gets its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.bench.compare import TOLERANCE, check_agreement
from dsnet_edge.bench.report import check_format, measured_from
from dsnet_edge.bench.rounds import Case, Measured, run_rounds
from dsnet_edge.profiling.contenders import Contender, Ideal, Sliced
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.cores import pinned
from dsnet_edge.runtime.runner import Stages

FORMAT, VERSION = "dsnet-edge table1", 2
STRATEGIES = ("ideal", "slicing", "indexing", "masking", "full")


@dataclass(frozen=True)
class Table1:
    """Ratios in `measured` are of `ideal` to each other strategy, round by round."""

    name: str
    precision: str
    threads: int
    cores: tuple[int, ...]  # one for each thread, or none
    madds: tuple[int, ...]
    machine: Mapping[str, Any]
    measured: Measured

    @property
    def n_paths(self) -> int:
        return len(self.madds)

    def median_ms(self, strategy: str, path: int, stage: str = "network") -> float:
        cells = self.measured.cells
        return next(c.time.median_ms for c in cells if (c.case, c.stage, c.path) == (strategy, stage, path))

    def over_ideal(self, strategy: str, path: int, stage: str = "network") -> float:
        """Median over the rounds."""
        if strategy == "ideal":
            return 1.0
        ratios = self.measured.ratios
        return 1 / next(r.median for r in ratios if (r.other, r.stage, r.path) == (strategy, stage, path))

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION} | asdict(self)

    @staticmethod
    def from_dict(fields: Mapping[str, Any]) -> Table1:
        check_format(fields, FORMAT, VERSION)
        values = {key: fields[key] for key in ("name", "precision", "threads", "machine")}
        return Table1(
            **values, cores=tuple(fields["cores"]), madds=tuple(fields["madds"]), measured=measured_from(fields["measured"])
        )


class Full:
    """Every path at full width: the widest."""

    def __init__(self, sliced: Sliced, n_paths: int) -> None:
        self.sliced, self.widest = sliced, n_paths - 1

    def infer(self, image: np.ndarray, path: int) -> Stages:
        del path
        return self.sliced.infer(image, self.widest)


def contenders(model: FilePath, ideal: Sequence[FilePath], threads: int, cores: Sequence[int] = ()) -> dict[str, Contender]:
    """By strategy, in the order of STRATEGIES."""
    slicing = Sliced(model, threads, cores=cores)
    return {
        "ideal": Ideal(ideal, threads, cores),
        "slicing": slicing,
        "indexing": Sliced(model, threads, "indexing", cores),
        "masking": Sliced(model, threads, "masking", cores),
        "full": Full(slicing, len(ideal)),
    }


def measure_table1(
    bundle: Bundle,
    sliced: FilePath,
    ideal: Sequence[FilePath],
    machine: Mapping[str, Any],
    threads: int,
    rounds: int,
    cores: Sequence[int] = (),
    progress: Callable[[float], None] = lambda fraction: None,
) -> Table1:
    """`sliced` is the file of all paths, `ideal` are files of one path each; `cores`, if any, one for each thread.

    Raises DsnetError unless all strategies but `full` give the same logits.
    """
    images = np.load(bundle.file(bundle.manifest["golden"]["images"]))
    cases = [Case(name, contender) for name, contender in contenders(sliced, ideal, threads, cores).items()]
    check_agreement(cases[:-1], images[0], bundle.n_paths, TOLERANCE[bundle.precision])
    with pinned(cores):
        measured = run_rounds(cases, bundle.n_paths, images, rounds, progress=progress)
    return Table1(bundle.name, bundle.precision, threads, tuple(cores), bundle.madds, machine, measured)
