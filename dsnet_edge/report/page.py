"""A report: one HTML file that needs nothing else, runs no script and asks for nothing from anywhere."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path as FilePath

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.sweep import Sweep
from dsnet_edge.profile.values import Profile
from dsnet_edge.report.headline import headline
from dsnet_edge.report.html import Html, bullets, join, paragraph, tag
from dsnet_edge.report.sections.blocks import blocks
from dsnet_edge.report.sections.device import device
from dsnet_edge.report.sections.energy import energy
from dsnet_edge.report.sections.layers import layers
from dsnet_edge.report.sections.loading import loading
from dsnet_edge.report.sections.method import method
from dsnet_edge.report.sections.published import published
from dsnet_edge.report.sections.sides import sides
from dsnet_edge.report.sections.times import times
from dsnet_edge.report.sections.tradeoff import tradeoff
from dsnet_edge.report.warnings import warnings_of

_HATCH = Html(
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0M-1 1L1-1M5 7L7 5"/></pattern>'
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_report(profiles: Sequence[Profile], sweeps: Sequence[Sweep], file: FilePath) -> None:
    """Under a temporary name first. Raises DsnetError where a sweep is of no profile's bundle, or the file cannot be written."""
    page = report_page(profiles, sweeps)
    temporary = file.with_name(file.name + ".part")
    try:
        try:
            temporary.write_text(page, "utf-8")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DsnetError(f"{file}: cannot be written ({os.strerror(error.errno or 0)}); choose another place with -o") from error


def report_page(profiles: Sequence[Profile], sweeps: Sequence[Sweep]) -> str:
    by_bundle = {sweep.bundle.sha256: sweep for sweep in sweeps}
    for sweep in sweeps:
        if sweep.bundle.sha256 not in {profile.bundle.sha256 for profile in profiles}:
            raise DsnetError(f"the sweep of {sweep.bundle.name} is of no profile's bundle; sweep the bundle that was profiled")
    names = profile_names(profiles)
    articles = (
        _article(profile, name, by_bundle.get(profile.bundle.sha256)) for profile, name in zip(profiles, names, strict=True)
    )
    title = f"{profiles[0].bundle.name} on {', '.join(names)}"
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html('<meta name="referrer" content="no-referrer">'),
        tag("title", title),
        tag("style", Html(FilePath(__file__).with_name("page.css").read_text("utf-8"))),
    )
    patterns = tag("svg", tag("defs", _HATCH), class_="patterns", aria_hidden="true")
    made = f"Made by dsnet-edge report from {len(profiles)} profile{'' if len(profiles) == 1 else 's'}."
    body = tag("body", patterns, tag("main", sides(profiles, names), *articles), tag("footer", made))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def profile_names(profiles: Sequence[Profile]) -> list[str]:
    """The devices' names; numbered where two are of one device."""
    devices = [profile.device.name or profile.device.cpu or "a device" for profile in profiles]
    counts, seen, names = Counter(devices), Counter[str](), []
    for name in devices:
        seen[name] += 1
        names.append(f"{name} ({'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[(seen[name] - 1) % 26]})" if counts[name] > 1 else name)
    return names


def _article(profile: Profile, name: str, sweep: Sweep | None) -> Html:
    bundle = profile.bundle
    about = f"{bundle.name}, {bundle.precision}, {len(bundle.madds)} paths, measured {profile.created[:10]}"
    header = tag("header", tag("h1", name), paragraph(about, class_="about"), paragraph(headline(profile), class_="headline"))
    sections = (
        times(profile),
        tradeoff(profile, sweep),
        energy(profile),
        loading(profile),
        layers(profile),
        published(profile),
        device(profile),
        blocks(profile),
        method(profile),
    )
    return tag("article", header, _warnings(profile), join(sections))


def _warnings(profile: Profile) -> Html:
    found = warnings_of(profile)
    if found:
        return tag("aside", tag("strong", "Read this first"), bullets(found), class_="warn", role="note")
    return paragraph("Every series is steady, and nothing held the device back.", class_="good")
