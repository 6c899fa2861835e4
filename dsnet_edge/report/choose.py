"""Which of a profile's numbers a sentence or a small table is about."""

from __future__ import annotations

from dsnet_edge.profile.values import Energy, PathEnergy, Profile, Series


def complete_series(profile: Profile) -> list[Series]:
    """Those that have every path."""
    return [series for series in profile.series if len(series.paths) == len(profile.bundle.madds)]


def main_series(profile: Profile) -> Series | None:
    """Of the complete ones: steady before others, `sliced` before others, then the fastest on the widest path."""

    def rank(series: Series) -> tuple[bool, bool, float]:
        return series.verdict != "steady", series.backend != "sliced", series.path(widest(profile)).total_ms.median

    return min(complete_series(profile), key=rank, default=None)


def slimmest(profile: Profile) -> int:
    return min(range(len(profile.bundle.madds)), key=lambda path: profile.bundle.madds[path])


def widest(profile: Profile) -> int:
    return max(range(len(profile.bundle.madds)), key=lambda path: profile.bundle.madds[path])


def energies(energy: Energy) -> dict[tuple[str, int], list[PathEnergy]]:
    """By backend and threads, paths in order."""
    found: dict[tuple[str, int], list[PathEnergy]] = {}
    for entry in sorted(energy.paths, key=lambda entry: entry.path):
        found.setdefault((entry.backend, entry.threads), []).append(entry)
    return found


def main_energies(profile: Profile) -> list[PathEnergy]:
    """Of the main series if every path of it was metered, else of the first series that has them all; else none."""
    if profile.energy is None:
        return []
    every = list(range(len(profile.bundle.madds)))
    whole = {key: found for key, found in energies(profile.energy).items() if [entry.path for entry in found] == every}
    series = main_series(profile)
    main = whole.get((series.backend, series.threads)) if series else None
    return main or next(iter(whole.values()), [])


def path_name(profile: Profile, path: int) -> str:
    """With the gate's choice where it has another number."""
    choice = profile.bundle.choices[path]
    return str(path) if choice == path else f"{path} (choice {choice})"
