"""How it was measured, so that somebody else can do it again."""

from __future__ import annotations

from dsnet_edge.profile.values import Profile
from dsnet_edge.report.html import Html, facts, section, table
from dsnet_edge.report.words import percent, series_name


def method(profile: Profile) -> Html:
    bundle, settings = profile.bundle, profile.settings
    rows = [
        (
            series_name(series.backend, series.threads),
            series.runtime,
            ", ".join(map(str, series.cores)) or "the system's choice",
            f"{sum(block.kept for block in series.blocks)} of {len(series.blocks)}",
            series.verdict,
        )
        for series in profile.series
    ]
    about = facts(
        (
            ("Bundle", f"{bundle.name}, {bundle.precision}, {bundle.width} x {bundle.height}, {len(bundle.madds)} paths"),
            ("SHA-256 of its manifest", bundle.sha256),
            ("Measured", profile.created),
            ("With", profile.tool),
            ("Blocks", f"{settings.blocks} of each series, {settings.block_s:g} s each, a fresh process every time"),
            ("Order", f"every path once a round, shuffled; seed {settings.seed}"),
            ("Steady means", f"the interval of the median is within {percent(settings.noise)} of it, on every path"),
        )
    )
    columns = ("series", "runtime", "cores", "blocks kept", "verdict")
    return section("How it was measured", about, table(columns, rows, left=(0, 1, 2, 4)))
