"""The fuel gauge of a phone or laptop: /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power of Linux).

It sees the whole device, screen and radio included, and only while the battery is all that feeds it. The ABI says
microamperes and microvolts, positive while charging; vendors differ in unit and sign, so both are found out from the readings.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import clean, matching, number
from dsnet_edge.energy.account import Account, integrated
from dsnet_edge.energy.errors import MeterError
from dsnet_edge.energy.meter import Finding, Meter, watching

_SUPPLIES = "/sys/class/power_supply"
_FIX = "unplug it (a phone stays reachable by adb over Wi-Fi) and measure again"
_MILLI = 10_000  # below: 10 A in milliamperes is too much, and 10 mA in microamperes too little, for a device at work
_LARGEST_A = 30.0
_VOLTS = (2.5, 30.0)


def find_battery(tree: Tree) -> Finding:
    names = ("type", "scope", "status", "online", "current_now", "voltage_now")
    files = tree.read([f"{_SUPPLIES}/*/{name}" for name in names]).files
    for match, text in matching(files, rf"({_SUPPLIES}/([^/]+))/type"):
        needed = tuple(f"{match[1]}/{name}" for name in ("current_now", "voltage_now"))
        of_a_mouse = clean(files.get(f"{match[1]}/scope")) == "Device"
        if clean(text) != "Battery" or of_a_mouse or not all(file in files for file in needed):
            continue
        if why := _fed(match[1], files):
            return Finding(hint=f"the battery is no meter while {why}: {_FIX}")
        watch = watching((*needed, f"{match[1]}/status", f"{_SUPPLIES}/*/online"), interval_s=0.2)
        about = "the whole device, from its battery"
        return Finding((Meter("battery", "device", about, watch, partial(_account, match[1])),))
    return Finding()


def _fed(battery: str, files: Mapping[str, str]) -> str:
    """What feeds the device other than its battery, or ""."""
    status = clean(files.get(f"{battery}/status"))
    if status not in ("Discharging", "Unknown", ""):
        return f"its status is {status}"
    for match, text in matching(files, rf"{_SUPPLIES}/([^/]+)/online"):
        if clean(text) not in ("0", ""):
            return f"{clean(match[1])} is plugged in"
    return ""


def _account(battery: str, frames: Sequence[Frame]) -> Account:
    raw: list[tuple[float, float, float]] = []
    for frame in frames:
        if why := _fed(battery, frame.files):
            raise MeterError(f"battery: {why} at {frame.uptime_s:.1f} s; {_FIX}")
        current, volts = (number(frame.files.get(f"{battery}/{name}")) for name in ("current_now", "voltage_now"))
        if current is not None and volts is not None:
            raw.append((frame.uptime_s, current, volts))
    if not raw:
        raise MeterError(f"battery: not one reading; can {battery}/current_now still be read?")
    currents = [current for _, current, _ in raw]
    ampere = _unit(max(map(abs, currents)), _MILLI)
    volt = _unit(max(volts for _, _, volts in raw), 100_000)
    sign = -1 if statistics.median(currents) < 0 else 1
    _check(max(map(abs, currents)) * ampere, statistics.median(volts for _, _, volts in raw) * volt, currents)
    return integrated([(second, sign * current * ampere * volts * volt) for second, current, volts in raw], "battery")


def _unit(largest: float, milli: float) -> float:
    return 1e-3 if largest < milli else 1e-6


def _check(amperes: float, volts: float, currents: Sequence[float]) -> None:
    if amperes == 0:
        raise MeterError("battery: its current is always 0; this device does not measure it, use another meter with --energy")
    if amperes > _LARGEST_A or not _VOLTS[0] <= volts <= _VOLTS[1]:
        raise MeterError(f"battery: {amperes:.3g} A at {volts:.3g} V is no battery's; use another meter with --energy")
    fewer = min(sum(current > 0 for current in currents), sum(current < 0 for current in currents))
    if fewer > len(currents) / 20:
        raise MeterError(f"battery: its current changed its sign in {fewer} of {len(currents)} readings, so it is fed; {_FIX}")
