"""What a reader must know before believing a number."""

from __future__ import annotations

from collections.abc import Iterator

from dsnet_edge.profile.values import Profile
from dsnet_edge.report.choose import energies
from dsnet_edge.report.words import series_name

MEANING = {
    "noisy": "its blocks differ too much to call this a result",
    "throttled": "the device was held back while it was measured",
    "incomplete": "some of its blocks are missing",
}


def warnings_of(profile: Profile) -> list[str]:
    return list(_warnings(profile))


def _warnings(profile: Profile) -> Iterator[str]:
    if not profile.complete:
        yield "The measurement was cut off. dsnet-edge profile --resume goes on."
    yield from profile.warnings
    for series in profile.series:
        name = series_name(series.backend, series.threads)
        if series.verdict != "steady":
            yield f"{name}: {series.verdict}, {MEANING[series.verdict]}."
        yield from (f"{name}: {warning}" for warning in series.warnings)
    if profile.energy:
        for (backend, threads), entries in energies(profile.energy).items():
            unsteady = [entry for entry in entries if entry.verdict != "steady"]
            if unsteady:
                paths = ", ".join(str(entry.path) for entry in unsteady)
                reasons = "; ".join(dict.fromkeys(entry.reason or MEANING[entry.verdict] for entry in unsteady))
                yield f"energy of {series_name(backend, threads)}, path {paths}: no result ({reasons})."
