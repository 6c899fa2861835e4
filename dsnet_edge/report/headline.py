"""A profile in one sentence."""

from __future__ import annotations

from dsnet_edge.profile.values import Profile
from dsnet_edge.report.choose import main_energies, main_series, path_name, slimmest, widest
from dsnet_edge.report.words import digits, percent, series_name


def headline(profile: Profile) -> str:
    series = main_series(profile)
    if series is None:
        return f"No backend ran every path of {profile.bundle.name}: there is no result yet."
    slim, wide = slimmest(profile), widest(profile)
    fast, slow = series.path(slim).total_ms.median, series.path(wide).total_ms.median
    name = series_name(series.backend, series.threads)
    if series.verdict != "steady":
        return f"No result: {name}, the best there is, is {series.verdict}. It reads {digits(fast)} to {digits(slow)} ms."
    backend = f"{series.backend} on {series.threads} thread{'' if series.threads == 1 else 's'}"
    said = f"With {backend}, path {path_name(profile, slim)} takes {digits(fast)} ms"
    if wide != slim:
        said += f" and path {path_name(profile, wide)} {digits(slow)} ms"
    if fast > 0:
        said += f"; the gate costs {percent(series.gate_ms.median / fast)} of path {path_name(profile, slim)}"
    return f"{said}. {_energy(profile)}".rstrip()


def _energy(profile: Profile) -> str:
    entries = main_energies(profile)
    if not entries or profile.energy is None:
        return ""
    ends = entries[slimmest(profile)], entries[widest(profile)]
    if any(entry.verdict != "steady" for entry in ends):
        return ""
    low, high = (digits(entry.energy_mj) for entry in ends)
    name = series_name(ends[0].backend, ends[0].threads)
    return f"An inference takes {low} to {high} mJ above idle ({name}; {profile.energy.meter.scope})."
