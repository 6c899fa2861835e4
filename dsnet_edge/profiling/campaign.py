"""A whole profile, step by step: times of every series, then energies. Every step is a profile that can be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dsnet_edge import __version__
from dsnet_edge.devices.device import Device, Tree
from dsnet_edge.energy.arithmetic import Cell, Loop
from dsnet_edge.energy.measure import measure_energy
from dsnet_edge.energy.meter import Meter
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.values import DeviceInfo, Energy, Layers, Peaks, Profile, Series, Settings
from dsnet_edge.profiling.block import Job
from dsnet_edge.profiling.conditions import CONDITION_FILES, conditions_of, read_conditions
from dsnet_edge.profiling.fingerprint import describe_device
from dsnet_edge.profiling.guard import throttled, warnings
from dsnet_edge.profiling.lanes import Ready
from dsnet_edge.profiling.layers import BACKENDS as TELLING
from dsnet_edge.profiling.layers_process import LayersJob
from dsnet_edge.profiling.measure import Lane, measure_series
from dsnet_edge.profiling.preparing import measure_preparing
from dsnet_edge.runtime.bundle import Bundle

_ENDLESS = 1_000_000  # rounds: time ends a loop


@dataclass(frozen=True)
class Step:
    profile: Profile  # not complete but for the last
    fraction: float  # of all the work
    told: str = ""


def begin(device: Device, bundle: Bundle, settings: Settings, earlier: Profile | None, source: str) -> Profile:
    """An empty profile of this device, or an earlier one to go on with. DsnetError if that is of something else."""
    info = describe_device(device.tree, device.kind)
    if earlier is None:
        return Profile(_now(), f"dsnet-edge {__version__}", False, info, bundle.info, settings, ())
    for what, found, wanted in (
        ("device", _identity(earlier.device), _identity(info)),
        ("bundle", earlier.bundle.sha256[:12], bundle.info.sha256[:12]),
        ("settings", earlier.settings, settings),
        ("version", earlier.tool, f"dsnet-edge {__version__}"),
    ):
        if found != wanted:
            raise DsnetError(f"--resume: {source} is of another {what} ({found}), not {wanted}; leave out --resume to begin anew")
    return replace(earlier, complete=False)


@dataclass(frozen=True)
class Wanted:
    paths: tuple[int, ...]
    layers: bool
    meter: Meter | None
    energy_s: float  # of every loop, and of every rest


def measure(profile: Profile, ready: Ready, wanted: Wanted, device: Device) -> Iterator[Step]:
    """Goes on from `profile`; the last step's is complete."""
    lanes, paths, meter = ready.lanes, wanted.paths, wanted.meter
    first = read_conditions(device.tree)
    share = 0.5 if meter else 1.0  # of the work, roughly
    earlier = {(series.backend, series.threads): series for series in profile.series}
    _check_alike(lanes, paths, earlier)
    others = tuple(series for key, series in earlier.items() if key not in {lane.key for lane in lanes})
    for step in measure_series(lanes, paths, profile.settings, profile.device, device.tree, earlier):
        profile = replace(profile, series=(*others, *step.series))
        yield Step(profile, share * step.fraction, step.told)
    if ready.python:
        profile = replace(profile, preprocess_ms=measure_preparing(device, ready.python, ready.bundle))
    if wanted.layers:
        profile = replace(profile, layers=_layers(lanes, paths, profile.settings.block_s))
        yield Step(profile, share)
    if meter:
        for energy, fraction in _energies(profile, lanes, paths, device.tree, meter, wanted.energy_s):
            profile = replace(profile, energy=energy)
            yield Step(profile, share + (1 - share) * fraction)
    told = warnings(first, read_conditions(device.tree), profile.device)
    yield Step(replace(profile, complete=True, created=_now(), warnings=tuple(dict.fromkeys((*profile.warnings, *told)))), 1.0)


def _check_alike(lanes: Sequence[Lane], paths: Sequence[int], earlier: Mapping[tuple[str, int], Series]) -> None:
    """That blocks to come can be put beside those there are."""
    for lane in lanes:
        series = earlier.get(lane.key)
        before = series and (tuple(time.path for time in series.paths), series.cores)
        if before and before != (tuple(paths), lane.cores):
            raise DsnetError(
                f"--resume: {lane.backend} with {lane.threads} threads was measured on paths {list(before[0])} and cores "
                f"{list(before[1])}, not {list(paths)} and {list(lane.cores)}; give the same --paths and --cores"
            )


def _layers(lanes: Sequence[Lane], paths: Sequence[int], seconds: float) -> Layers:
    """Of every series whose runtime tells. The peaks are the highest that were seen."""
    found = []
    for lane in lanes:
        if lane.backend in TELLING:
            job = LayersJob(lane.backend, lane.threads, lane.cores, tuple(paths), seconds * max(1, len(paths) // 4))
            found.append(lane.worker.layers(job))
    peaks = Peaks(max(seen.gmadds_per_s for seen, _ in found), max(seen.read_gb_per_s for seen, _ in found))
    return Layers(peaks, tuple(path for _, of_lane in found for path in of_lane))


def _energies(
    profile: Profile, lanes: Sequence[Lane], paths: Sequence[int], tree: Tree, meter: Meter, seconds: float
) -> Iterator[tuple[Energy, float]]:
    """Of what is not known yet."""
    known = profile.energy.paths if profile.energy and profile.energy.meter.name == meter.name else ()
    done = {(entry.backend, entry.threads, entry.path) for entry in known}
    cells = [Cell(*lane.key, path) for lane in lanes for path in paths if (*lane.key, path) not in done]
    for energy in measure_energy(meter, tree, cells, _loop(lanes, profile.device, tree), seconds, profile.settings.seed):
        yield replace(energy, paths=(*known, *energy.paths)), len(energy.paths) / len(cells)


def _loop(lanes: Sequence[Lane], device: DeviceInfo, tree: Tree) -> Callable[[Cell, float], Loop]:
    """Inferences one after another on the path of a cell, by the lane it belongs to."""
    by_key = {lane.key: lane for lane in lanes}

    def run(cell: Cell, seconds: float) -> Loop:
        lane = by_key[cell.backend, cell.threads]
        with tree.watch(CONDITION_FILES, (), 1.0) as watch:
            raw = lane.worker.run(Job(*lane.key, lane.cores, (cell.path,), seconds, _ENDLESS, 0, False, False))
        conditions = [conditions_of(frame) for frame in watch.frames()]
        reason = throttled(conditions, device, lane.cores)
        return Loop(raw.runs, raw.begin_uptime_s, raw.end_uptime_s, reason)

    return run


def _identity(device: DeviceInfo) -> tuple[str, ...]:
    return device.kind, device.name, device.cpu, device.architecture, device.kernel


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
