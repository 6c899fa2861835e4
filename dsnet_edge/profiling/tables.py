"""A profile for the terminal: a table a series, and what a reader must know before believing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsnet_edge.profile.values import PathEnergy, Profile, Series
from dsnet_edge.profiling.statistics import half_width

if TYPE_CHECKING:
    from rich.table import Table

_STYLES = {"steady": "green", "noisy": "yellow", "throttled": "red", "incomplete": "red"}


def series_table(profile: Profile, series: Series) -> Table:
    """Milliseconds of whole inferences; the energy of each where there is one."""
    from rich.markup import escape
    from rich.table import Table

    energies = _energies(profile, series)
    style = _STYLES[series.verdict]
    threads = f"{series.threads} thread{'s' if series.threads > 1 else ''}"
    table = Table(
        title=escape(f"{profile.bundle.name} {profile.bundle.precision}, {series.backend}, {threads}: ")
        + f"[{style}]{series.verdict}[/]",
        caption=escape(_caption(profile, series)),
        caption_justify="left",
    )
    columns = ["path", "MAdds M", "median ms", "± %", "p90", "p99", "suffix"]
    for name in (*columns, *(["mJ", "± %"] if energies else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for time in series.paths:
        total = time.total_ms
        row = [
            str(time.path),
            f"{profile.bundle.madds[time.path] / 1e6:.1f}",
            f"{total.median:.3f}",
            f"{half_width(total):.1%}"[:-1],
        ]
        row += [f"{total.p90:.3f}", f"{total.p99:.3f}", f"{time.suffix_ms.median:.3f}"]
        if energies:
            row += _energy_cells(energies.get(time.path))
        table.add_row(*row, style="dim" if series.verdict != "steady" else None)
    return table


def _caption(profile: Profile, series: Series) -> str:
    kept = sum(block.kept for block in series.blocks)
    cores = f", on core{'s' if len(series.cores) > 1 else ''} {' '.join(map(str, series.cores))}" if series.cores else ""
    memory = f"{series.anonymous_bytes / 1e6:.1f} MB allocated, {series.file_bytes / 1e6:.1f} MB mapped"
    lines = [
        f"prefix {series.prefix_ms.median:.3f} ms, gate {series.gate_ms.median:.4f} ms, in every total",
        f"open {series.open_ms.median:.2f} ms, then the first result {series.first_run_ms.median:.2f} ms; {memory}",
        f"{kept} processes of {profile.settings.block_s:g} s, {series.paths[0].total_ms.runs} inferences a path{cores}",
        series.runtime,
        *series.warnings,
    ]
    if profile.energy and _energies(profile, series):
        meter = profile.energy.meter
        lines.append(
            f"energy above idle by {meter.name} ({meter.scope}), {meter.resolution_mj:g} mJ, every {meter.interval_s:g} s"
        )
    return "\n".join(lines)


def _energies(profile: Profile, series: Series) -> dict[int, PathEnergy]:
    paths = profile.energy.paths if profile.energy else ()
    return {entry.path: entry for entry in paths if (entry.backend, entry.threads) == (series.backend, series.threads)}


def _energy_cells(energy: PathEnergy | None) -> list[str]:
    if energy is None:
        return ["-", "-"]
    if energy.verdict != "steady":
        return [energy.verdict, "-"]
    return [f"{energy.energy_mj:.3f}", f"{(energy.high - energy.low) / 2 / energy.energy_mj:.1%}"[:-1]]


def device_lines(profile: Profile) -> Iterator[str]:
    device = profile.device
    big = sum(core.big for core in device.cores)
    cores = f"{len(device.cores)} cores" + (f", {big} of them big" if big < len(device.cores) else "")
    mhz = max((core.max_mhz for core in device.cores), default=0)
    yield ", ".join(filter(None, (device.name, device.cpu if device.cpu != device.name else "", device.architecture, cores)))
    yield ", ".join(filter(None, (f"up to {mhz} MHz" if mhz else "", device.system, device.kernel, device.firmware)))
    states = [state for series in profile.series for block in series.blocks for state in block.conditions]
    hottest = max((degrees for state in states for degrees in state.celsius.values()), default=None)
    governors = sorted({governor for state in states for governor in state.governors})
    said = (f"governor {' and '.join(governors)}" if governors else "", f"at most {hottest:.0f} °C" if hottest else "")
    if any(said):
        yield ", ".join(filter(None, said))
