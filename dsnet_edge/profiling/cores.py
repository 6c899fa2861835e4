"""The cores of a device: their parts, clocks and capacities, and which of them are big (the rule of native/src/topology.h)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dsnet_edge.devices.readings import clean, matching, number
from dsnet_edge.profile.values import Core

_CPU = "/sys/devices/system/cpu"
CORE_FILES = (
    "/proc/cpuinfo",
    f"{_CPU}/present",
    f"{_CPU}/cpu*/online",
    f"{_CPU}/cpu*/cpu_capacity",
    f"{_CPU}/cpu*/cpufreq/cpuinfo_max_freq",
    f"{_CPU}/cpu*/regs/identification/midr_el1",
    f"{_CPU}/cpu*/topology/thread_siblings_list",
)
_BIG_CAPACITY, _BIG_FREQUENCY = 0.4, 0.7  # of the fastest core's
_MOST_CORES = 1024

# By implementer and part, as in the main identification register (Arm's technical reference manuals, and Linux' cputype.h).
_PARTS = {
    0x41: {
        0xD03: "Cortex-A53", 0xD04: "Cortex-A35", 0xD05: "Cortex-A55", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72",
        0xD09: "Cortex-A73", 0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1", 0xD0D: "Cortex-A77",
        0xD0E: "Cortex-A76AE", 0xD40: "Neoverse-V1", 0xD41: "Cortex-A78", 0xD42: "Cortex-A78AE", 0xD44: "Cortex-X1",
        0xD46: "Cortex-A510", 0xD47: "Cortex-A710", 0xD48: "Cortex-X2", 0xD49: "Neoverse-N2", 0xD4B: "Cortex-A78C",
        0xD4C: "Cortex-X1C", 0xD4D: "Cortex-A715", 0xD4E: "Cortex-X3", 0xD4F: "Neoverse-V2", 0xD80: "Cortex-A520",
        0xD81: "Cortex-A720", 0xD82: "Cortex-X4", 0xD85: "Cortex-X925", 0xD87: "Cortex-A725",
    },
    0x51: {
        0x001: "Oryon", 0x800: "Kryo 2xx Gold", 0x801: "Kryo 2xx Silver", 0x802: "Kryo 3xx Gold", 0x803: "Kryo 3xx Silver",
        0x804: "Kryo 4xx Gold", 0x805: "Kryo 4xx Silver",
    },
    0x61: {0x022: "Apple Icestorm", 0x023: "Apple Firestorm", 0x032: "Apple Blizzard", 0x033: "Apple Avalanche"},
}  # fmt: skip


@dataclass(frozen=True)
class Processor:
    """One `processor` of /proc/cpuinfo; zero or empty where it does not say."""

    implementer: int = 0
    part: int = 0
    model: str = ""  # of x86


def cores_of(files: Mapping[str, str]) -> tuple[Core, ...]:
    """Of a frame with CORE_FILES."""
    said = _processors(files.get("/proc/cpuinfo", ""))
    found = [int(match[1]) for match, _ in matching(files, rf"{_CPU}/cpu(\d{{1,4}})/.*")]
    present = re.search(r"(\d{1,4})\s*$", files.get(f"{_CPU}/present", ""))
    last = max([*said, *found, int(present[1]) if present else -1])
    cores = []
    for core in range(min(last + 1, _MOST_CORES)):
        khz = number(files.get(f"{_CPU}/cpu{core}/cpufreq/cpuinfo_max_freq")) or 0
        capacity = number(files.get(f"{_CPU}/cpu{core}/cpu_capacity")) or 0
        part = _processor(files, said, core).part
        text = f"0x{part:03x}" if part else ""
        cores.append(Core(core, max(0, round(khz / 1000)), max(0, round(capacity)), text, False))
    big = _big(files, cores)
    return tuple(replace(core, big=core.number in big) for core in cores)


def cpu_name(files: Mapping[str, str], cores: tuple[Core, ...]) -> str:
    """x86's model name, or the parts of an ARM processor, the fastest first: "Cortex-X1 + Cortex-A76 + Cortex-A55"."""
    said = _processors(files.get("/proc/cpuinfo", ""))
    names = []
    for core in sorted(cores, key=lambda core: (-core.capacity, -core.max_mhz, core.number)):
        processor = _processor(files, said, core.number)
        name = processor.model or _PARTS.get(processor.implementer, {}).get(processor.part) or core.part
        if name and name not in names:
            names.append(name)
    return clean(" + ".join(names))


def _processor(files: Mapping[str, str], said: Mapping[int, Processor], core: int) -> Processor:
    """From the core's identification register, else from /proc/cpuinfo, which may be cut, and then misses the last cores."""
    text = clean(files.get(f"{_CPU}/cpu{core}/regs/identification/midr_el1"))
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", text):
        register = int(text, 16)
        return Processor(register >> 24 & 0xFF, register >> 4 & 0xFFF)
    return said.get(core, Processor())


def _processors(cpuinfo: str) -> dict[int, Processor]:
    found: dict[int, Processor] = {}
    for block in re.split(r"^(?=processor\s*:)", cpuinfo, flags=re.MULTILINE):
        fields = {key.strip(): clean(value) for key, _, value in (line.partition(":") for line in block.splitlines())}
        core = fields.get("processor", "")
        if re.fullmatch(r"[0-9]{1,4}", core) and int(core) < _MOST_CORES:
            implementer, part = (_hexadecimal(fields.get(key, "")) for key in ("CPU implementer", "CPU part"))
            found[int(core)] = Processor(implementer, part, fields.get("model name", ""))
    return found


def _hexadecimal(text: str) -> int:
    return int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,4}", text) else 0


def _big(files: Mapping[str, str], cores: list[Core]) -> set[int]:
    """One hardware thread a physical core. What one core does not say counts as equal on all of them."""
    candidates, taken = [], set()
    for core in cores:
        first = re.match(r"\d+", files.get(f"{_CPU}/cpu{core.number}/topology/thread_siblings_list", ""))
        whole = int(first[0]) if first else core.number
        if number(files.get(f"{_CPU}/cpu{core.number}/online")) != 0 and whole not in taken:
            taken.add(whole)
            candidates.append(core)
    candidates = candidates or cores
    for speeds, share in (
        ([core.capacity for core in candidates], _BIG_CAPACITY),
        ([core.max_mhz for core in candidates], _BIG_FREQUENCY),
    ):
        if speeds and all(speeds):
            return {core.number for core, speed in zip(candidates, speeds, strict=True) if speed >= share * max(speeds)}
    return {core.number for core in candidates}
