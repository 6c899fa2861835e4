"""What it was measured on, and how that was while it was."""

from __future__ import annotations

from collections.abc import Iterator

from dsnet_edge.profile.values import Block, Conditions, DeviceInfo, Profile
from dsnet_edge.report.charts.canvas import legend
from dsnet_edge.report.charts.plane import Curve, Point, plane_chart
from dsnet_edge.report.conditions import governors
from dsnet_edge.report.html import Html, bullets, facts, figure, folded, join, section, table, tag
from dsnet_edge.report.known import CoreKind, KnownDevice, find_device
from dsnet_edge.report.words import digits, kilobytes, series_name

_SENSORS, _POINTS = 4, 400


def device(profile: Profile) -> Html:
    info, known = profile.device, find_device(profile.device)
    states = [state for _, _, block in _blocks(profile) for state in block.conditions]
    about = facts(
        (
            ("Device", info.name),
            ("Processor", ", ".join(text for text in (info.cpu, info.soc, info.architecture) if text)),
            ("Cores", cores(info)),
            ("Memory", f"{digits(info.ram_bytes / 2**30)} GiB" if info.ram_bytes else ""),
            ("System", f"{info.system}, {info.kernel}"),
            ("Firmware", info.firmware),
            ("Reached by", info.kind),
            ("Governor", governors(profile)),
            (
                "Temperatures",
                _range([max(state.celsius.values()) for state in states if state.celsius], "°C, the hottest sensor"),
            ),
            ("Clocks", _range([float(mhz) for state in states for mhz in state.mhz if mhz], "MHz")),
            (
                "Load before a block",
                _range([round(block.conditions[0].load, 2) for _, _, block in _blocks(profile) if block.conditions], ""),
            ),
            ("Held back by", ", ".join(sorted({reason for state in states for reason in state.throttled})) if states else ""),
        )
    )
    parts = [about, *_temperatures(profile), _block_table(profile)]
    if known:
        parts.append(_known(known))
    return section("Device and conditions", *parts)


def cores(info: DeviceInfo) -> str:
    """As `4 x 2400 MHz (big), 4 x 1800 MHz`."""
    kinds = [f"{core.max_mhz} MHz" if core.max_mhz else core.part or "unnamed" for core in info.cores]
    two_kinds = len({core.big for core in info.cores}) > 1
    names = [f"{kind} (big)" if two_kinds and core.big else kind for kind, core in zip(kinds, info.cores, strict=True)]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))


def _blocks(profile: Profile) -> Iterator[tuple[str, int, Block]]:
    for series in profile.series:
        for block in series.blocks:
            yield series.backend, series.threads, block


def _range(values: list[float], unit: str) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.4g}", f"{max(values):.4g}"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _temperatures(profile: Profile) -> Iterator[Html]:
    """The hottest sensors over the whole measurement."""
    states = sorted((state for _, _, block in _blocks(profile) for state in block.conditions), key=lambda state: state.uptime_s)
    states = states[:: max(1, len(states) // _POINTS)]
    hottest: dict[str, float] = {}
    for state in states:
        for name, value in state.celsius.items():
            hottest[name] = max(value, hottest.get(name, value))
    names = sorted(hottest, key=lambda name: -hottest[name])[:_SENSORS]
    curves = [Curve(name, _points(states, name), markers=False) for name in names]
    if curves and states[-1].uptime_s > states[0].uptime_s:
        title = "Temperatures over the blocks"
        rows = [
            (name, digits(min(p.y for p in curve.points)), digits(hottest[name]))
            for name, curve in zip(names, curves, strict=True)
        ]
        chart = plane_chart(title, "seconds", "°C", curves)
        yield figure(title, chart, legend(names), table(("sensor", "lowest, °C", "highest, °C"), rows))


def _points(states: list[Conditions], name: str) -> tuple[Point, ...]:
    start = states[0].uptime_s
    return tuple(Point(state.uptime_s - start, state.celsius[name]) for state in states if name in state.celsius)


def _block_table(profile: Profile) -> Html:
    rows = [
        (
            series_name(backend, threads),
            str(block.number),
            digits(block.seconds),
            _range([value for state in block.conditions for value in state.celsius.values()], "°C"),
            _range([float(mhz) for state in block.conditions for mhz in state.mhz if mhz], "MHz"),
            ", ".join(sorted({reason for state in block.conditions for reason in state.throttled})) or "no",
            "yes" if block.kept else f"no: {block.reason}",
        )
        for backend, threads, block in _blocks(profile)
    ]
    columns = ("series", "block", "seconds", "temperature", "clocks", "held back", "counts")
    return folded(f"all {len(rows)} blocks", table(columns, rows, left=(0, 3, 4, 5, 6)))


def _known(known: KnownDevice) -> Html:
    about = facts(
        (
            ("Chip", known.soc),
            *((f"Cores {index}", _core_kind(kind)) for index, kind in enumerate(known.cores, 1)),
            ("Shared cache", kilobytes(known.l3_bytes)),
            ("Memory", known.ram),
            ("Extensions", ", ".join(known.isa) or "none of fp16, dotprod, i8mm, bf16"),
            ("Peak of a big core", _peaks(known)),
        )
    )
    sources = join(tag("li", tag("a", source, href=source, rel="noreferrer")) for source in known.sources)
    listed = tag("ul", sources, class_="sources")
    return folded(f"what is known of a {known.name}, and what to mind", about, bullets(known.pitfalls), listed)


def _core_kind(kind: CoreKind) -> str:
    caches = (f"{kilobytes(size)} {level}" for size, level in ((kind.l1_bytes, "L1"), (kind.l2_bytes, "L2")) if size)
    return ", ".join((f"{kind.count} x {kind.name}", *((f"{kind.mhz} MHz",) if kind.mhz else ()), *caches))


def _peaks(known: KnownDevice) -> str:
    found = ((precision, known.cores[0].peak(precision, known.isa)) for precision in ("fp32", "fp16", "int8"))
    said = ", ".join(f"{peak:.1f} G/s {precision}" for precision, peak in found if peak)
    return f"{said} multiply-adds, by its data sheet" if said else ""
