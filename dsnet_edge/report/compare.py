"""What differs between two profiles of one device: path by path, series by series."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.values import PathEnergy, Profile, Series
from dsnet_edge.report.conditions import differing_conditions
from dsnet_edge.report.significance import FEWEST_BLOCKS, Ratio, interval_ratio, median_ratio, typical
from dsnet_edge.report.words import printable, series_name

FORMAT, VERSION = "dsnet-edge compare", 1
_LEAST_MS, _MOST_MS = 1e-6, 1e9  # beyond them a clock was wrong, or the file


@dataclass(frozen=True)
class Difference:
    """Of one path in one series. `choice` is the gate's: bundles of different paths are compared in those they share."""

    quantity: Literal["ms", "mj"]
    backend: str
    threads: int
    choice: int
    a: float
    b: float
    ratio: Ratio

    def judge(self, threshold: float) -> Literal["same", "slight", "worse", "better"]:
        """Slight: there is a difference, but no larger than the threshold."""
        if not self.ratio.certain:
            return "same"
        if abs(self.ratio.value - 1) <= threshold:
            return "slight"
        return "worse" if self.ratio.value > 1 else "better"


@dataclass(frozen=True)
class Comparison:
    threshold: float
    differences: tuple[Difference, ...]
    unjudged: tuple[str, ...]  # what was not compared, and why
    warnings: tuple[str, ...]  # conditions that were not the same

    @property
    def regressions(self) -> tuple[Difference, ...]:
        return tuple(difference for difference in self.differences if difference.judge(self.threshold) == "worse")

    def to_dict(self) -> dict[str, Any]:
        differences = [asdict(d) | {"verdict": d.judge(self.threshold)} for d in self.differences]
        return {"format": FORMAT, "version": VERSION} | asdict(self) | {"differences": differences}


def compare_profiles(a: Profile, b: Profile, threshold: float) -> Comparison:
    """B against A. Raises DsnetError where nothing can be judged: that is no good news."""
    if (a.device.name, a.device.cpu) != (b.device.name, b.device.cpu):
        found = " and ".join(f"{one.device.name} ({one.device.cpu})" for one in (a, b))
        raise DsnetError(
            printable(f"two devices, {found}, of which none is a regression; see them side by side: dsnet-edge report")
        )
    times, untimed = _times(a, b)
    energies, unmetered = _energies(a, b)
    if not times and not energies:
        reasons = "; ".join((*untimed, *unmetered))
        raise DsnetError(printable(f"nothing to judge: {reasons}; profile again with the same settings"))
    return Comparison(threshold, (*times, *energies), (*untimed, *unmetered), differing_conditions(a, b))


def _times(a: Profile, b: Profile) -> tuple[list[Difference], list[str]]:
    found, unjudged = [], []
    keys = dict.fromkeys((series.backend, series.threads) for series in (*a.series, *b.series))
    for key in keys:
        left, right = a.find(*key), b.find(*key)
        if problem := _problem(left, right):
            unjudged.append(f"{series_name(*key)}: {problem}")
            continue
        assert left and right
        samples = _samples(a, left), _samples(b, right)
        for choice in sorted(samples[0].keys() | samples[1].keys()):
            blocks = samples[0].get(choice, []), samples[1].get(choice, [])
            if min(map(len, blocks)) < FEWEST_BLOCKS:
                counts = " and ".join(str(len(entry)) for entry in blocks)
                unjudged.append(f"{series_name(*key)}, choice {choice}: in {counts} blocks of A and B")
            else:
                found.append(Difference("ms", *key, choice, typical(blocks[0]), typical(blocks[1]), median_ratio(*blocks)))
    return found, unjudged


def _problem(a: Series | None, b: Series | None) -> str:
    """Why two series cannot be judged, or nothing."""
    if a is None or b is None:
        return f"only in {'A' if b is None else 'B'}"
    for name, series in (("A", a), ("B", b)):
        if series.verdict != "steady":
            return f"{name} is {series.verdict}"
        kept = sum(block.kept for block in series.blocks)
        if kept < FEWEST_BLOCKS:
            return f"{name} has {kept} of the {FEWEST_BLOCKS} blocks that it takes to see how blocks differ"
    return ""


def _samples(profile: Profile, series: Series) -> dict[int, list[np.ndarray]]:
    """By the gate's choice: the times of every kept block that has any."""
    found: dict[int, list[np.ndarray]] = {}
    for block in series.blocks:
        for entry in block.paths if block.kept else ():
            times = np.array(entry.total_ms)
            if len(times) and times.min() > _LEAST_MS and times.max() < _MOST_MS:
                found.setdefault(profile.bundle.choices[entry.path], []).append(times)
    return found


def _energies(a: Profile, b: Profile) -> tuple[list[Difference], list[str]]:
    if a.energy is None or b.energy is None:
        only = "" if a.energy is b.energy else f"energy: only in {'A' if b.energy is None else 'B'}"
        return [], [only] if only else []
    meters = [(energy.meter.name, energy.meter.scope) for energy in (a.energy, b.energy)]
    if meters[0] != meters[1]:
        names = " and ".join(f"{name} ({scope})" for name, scope in meters)
        return [], [f"energy: {names} are two meters, whose readings do not compare"]
    left, right = _by_choice(a), _by_choice(b)
    found, unjudged = [], []
    for key in dict.fromkeys((*left, *right)):
        backend, threads, choice = key
        if problem := _energy_problem(left.get(key), right.get(key)):
            unjudged.append(f"energy of {series_name(backend, threads)}, choice {choice}: {problem}")
            continue
        values = [(entry.energy_mj, entry.low, entry.high) for entry in (left[key], right[key])]
        found.append(Difference("mj", backend, threads, choice, values[0][0], values[1][0], interval_ratio(*values)))
    return found, unjudged


def _by_choice(profile: Profile) -> dict[tuple[str, int, int], PathEnergy]:
    paths = profile.energy.paths if profile.energy else ()
    return {(entry.backend, entry.threads, profile.bundle.choices[entry.path]): entry for entry in paths}


def _energy_problem(a: PathEnergy | None, b: PathEnergy | None) -> str:
    if a is None or b is None:
        return f"only in {'A' if b is None else 'B'}"
    for name, entry in (("A", a), ("B", b)):
        if entry.verdict != "steady":
            return f"{name} is {entry.verdict}"
        if not 0 < entry.low <= entry.energy_mj <= entry.high < 2 * entry.energy_mj:
            return f"{name} is not known well enough, {entry.low:.3g} to {entry.high:.3g} mJ"
    return ""
