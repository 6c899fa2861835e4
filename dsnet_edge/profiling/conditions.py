"""The conditions of a measurement: temperatures, frequencies, governors, load, and what holds the device back.

Sources: the kernel's ABI documents (sysfs-class-thermal, sysfs-devices-system-cpu), Raspberry Pi's documentation of
`vcgencmd get_throttled`, Android's `dumpsys thermalservice`. Everything may be missing, and nothing of it is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import clean, matching, number
from dsnet_edge.profile.values import Conditions

_CPU, _THERMAL, _HWMON = "/sys/devices/system/cpu", "/sys/class/thermal", "/sys/class/hwmon"

# Files and commands of a frame that `conditions_of` understands.
CONDITION_FILES = (
    "/proc/loadavg",
    f"{_CPU}/present",
    f"{_CPU}/cpu*/cpufreq/scaling_cur_freq",
    f"{_CPU}/cpu*/cpufreq/scaling_governor",
    f"{_CPU}/cpu*/thermal_throttle/*_throttle_count",
    f"{_THERMAL}/thermal_zone*/type",
    f"{_THERMAL}/thermal_zone*/temp",
    f"{_THERMAL}/cooling_device*/type",
    f"{_THERMAL}/cooling_device*/cur_state",
    f"{_HWMON}/hwmon*/name",
    f"{_HWMON}/hwmon*/temp1_input",
)
_FIRMWARE, _ANDROID, _SAVER = "vcgencmd get_throttled", "dumpsys thermalservice", "settings get global low_power"
CONDITION_COMMANDS = tuple(tuple(command.split()) for command in (_FIRMWARE, _ANDROID, _SAVER))

_FIRMWARE_BITS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
_ANDROID_STATUS = ("", "light", "moderate", "severe", "critical", "emergency", "shutdown")
_CHIPS_OF_CPUS = ("k10temp", "zenpower")  # AMD's, which have no thermal zone


def read_conditions(tree: Tree) -> Conditions:
    frame = tree.read(CONDITION_FILES)
    said = {" ".join(argv): text for argv in CONDITION_COMMANDS if (text := tree.command(argv)) is not None}
    return conditions_of(Frame(frame.uptime_s, {**frame.files, **said}))


def conditions_of(frame: Frame) -> Conditions:
    """Of a frame with CONDITION_FILES and CONDITION_COMMANDS. The load is 0 where nothing says it."""
    files = frame.files
    now, recorded = _firmware_bits(files.get(_FIRMWARE, ""))
    counts = (number(text) or 0 for _, text in matching(files, rf"{_CPU}/cpu\d+/thermal_throttle/\w+_throttle_count"))
    governors = {clean(text) for _, text in matching(files, rf"{_CPU}/cpu\d+/cpufreq/scaling_governor")}
    return Conditions(
        uptime_s=frame.uptime_s,
        load=max(0.0, number(files.get("/proc/loadavg")) or 0.0),
        celsius=_celsius(frame) or dict(_android_celsius(files.get(_ANDROID, ""))),
        mhz=_mhz(frame),
        governors=tuple(sorted(governors - {""})),
        throttled=(*now, *_cooling(frame), *_android_status(files.get(_ANDROID, "")), *_saver(files.get(_SAVER, ""))),
        throttle_events=recorded + sum(int(count) for count in counts if count > 0),
    )


def _firmware_bits(text: str) -> tuple[list[str], int]:
    """Of `throttled=0x50005`: what holds now (bits 0 to 3), and how many of these have occurred since boot (bits 16 to 19)."""
    match = re.match(r"throttled=0x([0-9a-fA-F]{1,8})\s*$", text)
    bits = int(match[1], 16) if match else 0
    return [name for bit, name in enumerate(_FIRMWARE_BITS) if bits >> bit & 1], (bits >> 16 & 0xF).bit_count()


def _celsius(frame: Frame) -> dict[str, float]:
    """By the type of the zone; the second of the same type is called `type#2`."""
    names = {match[1]: clean(text) for match, text in matching(frame.files, rf"{_THERMAL}/(thermal_zone\d+)/type")}
    chips = {match[1]: clean(text) for match, text in matching(frame.files, rf"{_HWMON}/(hwmon\d+)/name")}
    names |= {folder: chip for folder, chip in chips.items() if chip in _CHIPS_OF_CPUS}
    found: dict[str, float] = {}
    for match, text in matching(frame.files, rf"(?:{_THERMAL}|{_HWMON})/(\w+?\d+)/temp(?:1_input)?"):
        millidegrees = number(text) or 0
        # Disabled zones say 0, -40000 or 2000000; zones that are none, such as a phone's state of charge, say less than 1000.
        if 1000 <= millidegrees <= 125_000 and match[1] in names:
            name = names[match[1]] or match[1]
            same = sum(known == name or known.startswith(f"{name}#") for known in found)
            found[f"{name}#{same + 1}" if same else name] = millidegrees / 1000
    return found


def _mhz(frame: Frame) -> tuple[int, ...]:
    """Of every core that is present; 0 of those that are off or do not say."""
    pattern = rf"{_CPU}/cpu(\d{{1,4}})/cpufreq/scaling_cur_freq"
    khz = {int(match[1]): number(text) or 0 for match, text in matching(frame.files, pattern)}
    last = re.search(r"(\d{1,4})\s*$", frame.files.get(f"{_CPU}/present", ""))
    n_cores = max([*khz, int(last[1]) if last else -1]) + 1
    return tuple(max(0, round(khz.get(core, 0) / 1000)) for core in range(n_cores))


def _cooling(frame: Frame) -> Iterator[str]:
    """Cooling devices that hold a processor's clock back; fans and the like cost no time."""
    states = {match[1]: number(text) or 0 for match, text in matching(frame.files, rf"{_THERMAL}/(cooling_device\d+)/cur_state")}
    for match, text in matching(frame.files, rf"{_THERMAL}/(cooling_device\d+)/type"):
        if states.get(match[1], 0) > 0 and re.search(r"cpufreq|^Processor$|powerclamp", text, re.MULTILINE):
            yield f"{clean(text)} at {states[match[1]]:.0f}"


def _android_status(text: str) -> Iterator[str]:
    match = re.search(r"^\s*Thermal Status: ([1-6])\s*$", text, re.MULTILINE)
    if match:
        yield f"thermal status {_ANDROID_STATUS[int(match[1])]}"


def _android_celsius(text: str) -> Iterator[tuple[str, float]]:
    """Where the shell may not read thermal zones. Cached temperatures come first in the text and give way to current ones."""
    for value, name in re.findall(r"Temperature\{mValue=(\d{1,3}\.\d+), mType=\d+, mName=([^,}]{1,60}),", text):
        if 1 <= float(value) <= 125:
            yield clean(name), float(value)


def _saver(text: str) -> Iterator[str]:
    if text.strip() == "1":
        yield "battery saver"
