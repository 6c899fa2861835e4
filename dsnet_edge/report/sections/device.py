"""What it was measured on, and what is known of such a device beforehand."""

from __future__ import annotations

from dsnet_edge.profile.values import DeviceInfo, Profile
from dsnet_edge.report.html import Html, bullets, facts, folded, join, section, tag
from dsnet_edge.report.known import CoreKind, KnownDevice, find_device
from dsnet_edge.report.words import digits, kilobytes


def device(profile: Profile) -> Html:
    info, known = profile.device, find_device(profile.device)
    about = facts(
        (
            ("Device", info.name),
            ("Processor", ", ".join(text for text in (info.cpu, info.soc, info.architecture) if text)),
            ("Cores", cores(info)),
            ("Memory", f"{digits(info.ram_bytes / 2**30)} GiB" if info.ram_bytes else ""),
            ("System", f"{info.system}, {info.kernel}"),
            ("Firmware", info.firmware),
            ("Reached by", info.kind),
        )
    )
    return section("Device", about, _known(known) if known else "")


def cores(info: DeviceInfo) -> str:
    """As `4 x 2400 MHz (big), 4 x 1800 MHz`."""
    kinds = [f"{core.max_mhz} MHz" if core.max_mhz else core.part or "unnamed" for core in info.cores]
    two_kinds = len({core.big for core in info.cores}) > 1
    names = [f"{kind} (big)" if two_kinds and core.big else kind for kind, core in zip(kinds, info.cores, strict=True)]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))


def _known(known: KnownDevice) -> Html:
    about = facts(
        (
            ("Chip", known.soc),
            *((f"Cores {index}", _core_kind(kind)) for index, kind in enumerate(known.cores, 1)),
            ("Shared cache", kilobytes(known.l3_bytes)),
            ("Memory", known.ram),
            ("Extensions", ", ".join(known.isa) or "none known"),
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
    return f"{said} multiply-adds, calculated" if said else ""
