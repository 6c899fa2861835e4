"""What the paths cost by a profile: one number each, in one unit, of one backend at one number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dsnet_edge.profile.file import ProfileError
from dsnet_edge.profile.values import BundleInfo, Profile

Unit = Literal["ms", "mj"]
UNITS: tuple[Unit, Unit] = ("ms", "mj")


@dataclass(frozen=True)
class PathCosts:
    unit: Unit
    values: tuple[float, ...]  # above zero, one for each path asked for
    doubts: tuple[str, ...]  # verdicts of the measurements that are not steady


def path_costs(
    profile: Profile, unit: Unit, backend: str, threads: int, source: str, paths: Sequence[int] | None = None
) -> PathCosts:
    """Medians of whole inferences in milliseconds, or millijoules above idle; of all paths unless `paths` says which.

    Raises ProfileError, naming `source`, where the profile does not have them.
    """
    found, verdicts = _times(profile, backend, threads, source) if unit == "ms" else _energies(profile, backend, threads, source)
    wanted = range(len(profile.bundle.madds)) if paths is None else paths
    for path in wanted:
        if path not in found:
            raise ProfileError(f"{source}: {backend} x{threads} lacks path {path}; profile the bundle with --paths all")
        if found[path] <= 0:
            raise ProfileError(f"{source}: path {path} costs {found[path]:g} {unit}, which is noise; profile the bundle again")
    doubts = tuple(sorted({verdicts[path] for path in wanted} - {"steady"}))
    return PathCosts(unit, tuple(found[path] for path in wanted), doubts)


def check_same_network(profile: Profile, bundle: BundleInfo, source: str, place: str) -> None:
    """Raises ProfileError unless costs measured on the profile's bundle are those of `bundle`, which lies at `place`.

    The hash may differ: neither weights nor the time of a conversion change what a path costs.
    """
    for field in ("name", "precision", "height", "width", "choices", "madds"):
        measured, expected = getattr(profile.bundle, field), getattr(bundle, field)
        if measured != expected:
            raise ProfileError(
                f"{source}: measured on bundle {profile.bundle.sha256[:12]}, whose {field} is {_short(measured)}, and {place} "
                f"({bundle.sha256[:12]}) has {_short(expected)}; profile that bundle"
            )


def _times(profile: Profile, backend: str, threads: int, source: str) -> tuple[dict[int, float], dict[int, str]]:
    series = profile.find(backend, threads)
    if series is None:
        raise _absent("times", backend, threads, source, [(series.backend, series.threads) for series in profile.series])
    found = {time.path: time.total_ms.median for time in series.paths}
    return found, dict.fromkeys(found, series.verdict)


def _energies(profile: Profile, backend: str, threads: int, source: str) -> tuple[dict[int, float], dict[int, str]]:
    if profile.energy is None:
        raise ProfileError(f"{source}: has no energies; profile the bundle with --energy, or give the budget or cost in ms")
    entries = [entry for entry in profile.energy.paths if (entry.backend, entry.threads) == (backend, threads)]
    if not entries:
        measured = [(entry.backend, entry.threads) for entry in profile.energy.paths]
        raise _absent("energies", backend, threads, source, measured)
    return {entry.path: entry.energy_mj for entry in entries}, {entry.path: entry.verdict for entry in entries}


def _absent(what: str, backend: str, threads: int, source: str, measured: list[tuple[str, int]]) -> ProfileError:
    there = ", ".join(f"{name} x{count}" for name, count in dict.fromkeys(measured)) or "nothing"
    return ProfileError(
        f"{source}: has no {what} of {backend} x{threads} (threads), only of {there}; "
        f"choose one of these, or profile with --backend {backend} --threads {threads}"
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
