"""What has to be the same in two profiles before a difference means what one thinks it means."""

from __future__ import annotations

from collections.abc import Iterator

from dsnet_edge.profile.values import Profile, Series
from dsnet_edge.report.words import series_name


def differing_conditions(a: Profile, b: Profile) -> tuple[str, ...]:
    """One phrase for each, with what A and B have; none where both were measured alike."""
    return tuple(f"{what}: A {left or 'none'}, B {right or 'none'}" for what, left, right in _pairs(a, b) if left != right)


def _pairs(a: Profile, b: Profile) -> Iterator[tuple[str, str, str]]:
    yield "bundle", _bundle(a), _bundle(b)
    yield "system", f"{a.device.system}, {a.device.kernel}", f"{b.device.system}, {b.device.kernel}"
    yield "firmware", a.device.firmware, b.device.firmware
    yield "cores", _cores(a), _cores(b)
    yield "governor", governors(a), governors(b)
    yield "energy loop", _energy_series(a), _energy_series(b)
    for left in a.series:
        right = b.find(left.backend, left.threads)
        if right is not None:
            name = series_name(left.backend, left.threads)
            yield f"runtime of {name}", left.runtime, right.runtime
            yield f"pinning of {name}", _pinned(left), _pinned(right)


def governors(profile: Profile) -> str:
    """Every governor that was in use during a block that counts."""
    blocks = [block for series in profile.series for block in series.blocks if block.kept]
    found = {name for block in blocks for state in block.conditions for name in state.governors}
    return ", ".join(sorted(found))


def _bundle(profile: Profile) -> str:
    return f"{profile.bundle.name} {profile.bundle.precision} {profile.bundle.sha256[:12]}"


def _cores(profile: Profile) -> str:
    """As `4 x 2400 MHz`, the kinds in the order of the cores."""
    kinds = [f"{core.max_mhz} MHz" for core in profile.device.cores]
    return " + ".join(f"{kinds.count(kind)} x {kind}" for kind in dict.fromkeys(kinds))


def _pinned(series: Series) -> str:
    return ", ".join(map(str, series.cores))


def _energy_series(profile: Profile) -> str:
    paths = profile.energy.paths if profile.energy else ()
    return ", ".join(dict.fromkeys(series_name(entry.backend, entry.threads) for entry in paths))
