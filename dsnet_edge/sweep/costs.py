"""What the points of a sweep cost on devices: one column for each profile and unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge.profile import read_profile
from dsnet_edge.profile.costs import UNITS, check_same_network, path_costs
from dsnet_edge.runtime.bundle import Bundle


@dataclass(frozen=True)
class Column:
    """`title` names unit and profile."""

    title: str
    costs: tuple[float, ...]  # one a path
    doubts: tuple[str, ...]  # about their measurement


def columns(bundle: Bundle, backend: str, threads: int, profiles: list[FilePath]) -> list[Column]:
    """Milliseconds of every profile, and millijoules of those that have them. ProfileError where one is of another network."""
    return [column for file in profiles for column in _of(bundle, backend, threads, file)]


def _of(bundle: Bundle, backend: str, threads: int, file: FilePath) -> Iterator[Column]:
    profile = read_profile(file)
    check_same_network(profile, bundle.info, str(file), str(bundle.folder))
    energies = profile.energy.paths if profile.energy else ()
    there = {"ms": True, "mj": any((entry.backend, entry.threads) == (backend, threads) for entry in energies)}
    for unit in UNITS:
        if there[unit]:
            costs = path_costs(profile, unit, backend, threads, str(file))
            yield Column(f"{'mJ' if unit == 'mj' else unit}, {file.stem}", costs.values, costs.doubts)
