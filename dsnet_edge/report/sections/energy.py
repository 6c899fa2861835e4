"""What an inference takes in energy. A profile has one meter, so a table never mixes two."""

from __future__ import annotations

from dsnet_edge.profile.values import PathEnergy, Profile
from dsnet_edge.report.charts.bars import Bar, bar_chart
from dsnet_edge.report.choose import energies, path_name
from dsnet_edge.report.html import Html, facts, figure, paragraph, section, table, tag
from dsnet_edge.report.words import digits, series_name

_COLUMNS = ("path", "mJ", "95 % interval", "runs", "loop, s", "loop, J", "idle before, W", "idle after, W", "verdict")


def energy(profile: Profile) -> Html:
    if profile.energy is None or not profile.energy.paths:
        command = tag("code", "dsnet-edge profile --energy auto")
        return section(
            "Energy of every path", paragraph("Not measured: ", command, " does where the device or a sensor has a meter.")
        )
    meter = profile.energy.meter
    about = facts(
        (
            ("Meter", meter.name),
            ("It sees", meter.scope),
            ("Resolution", f"{meter.resolution_mj:.3g} mJ"),
            ("Reads every", f"{meter.interval_s:.3g} s"),
        )
    )
    explained = (
        "Of one inference, above the idle device: the energy of a closed loop, less idle watts times its seconds, by its runs."
    )
    groups = energies(profile.energy)
    top = max(entry.high for entry in profile.energy.paths)
    figures = (_figure(profile, *key, entries, top) for key, entries in groups.items())
    return section("Energy of every path", paragraph(explained), about, tag("div", *figures, class_="grid"))


def _figure(profile: Profile, backend: str, threads: int, entries: list[PathEnergy], top: float) -> Html:
    title = f"energy of {series_name(backend, threads)}"
    if any(entry.verdict != "steady" for entry in entries):
        title += ": hatched bars are not results"
    bars = [
        Bar(
            str(entry.path),
            (max(0.0, entry.energy_mj),),
            entry.energy_mj,
            (entry.low, entry.high),
            entry.verdict != "steady",
            color=4,
        )
        for entry in entries
    ]
    rows = [_row(profile, entry) for entry in entries]
    return figure(title, bar_chart(title, "mJ", bars, top=top), Html(""), table(_COLUMNS, rows, left=(0, 8)))


def _row(profile: Profile, entry: PathEnergy) -> tuple[str, ...]:
    verdict = f"{entry.verdict}: {entry.reason}" if entry.reason else entry.verdict
    measured = (digits(entry.seconds), digits(entry.run_mj / 1000), digits(entry.idle_before_w), digits(entry.idle_after_w))
    interval = f"{digits(entry.low)} to {digits(entry.high)}"
    return (path_name(profile, entry.path), digits(entry.energy_mj), interval, str(entry.runs), *measured, verdict)
