"""The thermal guard: was a block held back, must the next one wait, and what should the user know."""

from __future__ import annotations

from collections.abc import Sequence

from dsnet_edge.profile.values import Conditions, DeviceInfo

# Equal cores under load sit at their maximum; one step of a cpufreq table is 5 % or more below it.
_HELD_BACK = 0.93
_OFTEN = 0.25  # of the readings during a block
_FIXED_BY_CHOICE = ("powersave", "userspace")
_QUIET_LOAD = 0.5
_HOT = 80.0  # a Raspberry Pi 4 or 5 begins to hold back


def throttled(conditions: Sequence[Conditions], device: DeviceInfo, cores: Sequence[int] = ()) -> str:
    """Why the block with these conditions (before, during, after) ran slower than the device can, or "".

    `cores` are those that it was pinned to; of other blocks the fastest of the big cores counts.
    """
    for reading in conditions:
        if reading.throttled:
            return f"held back by {', '.join(reading.throttled)}"
    if conditions and conditions[-1].throttle_events > conditions[0].throttle_events:
        return "the system counted throttling during the block"
    return _clock_fell(conditions[1:-1], device, cores)


def _clock_fell(during: Sequence[Conditions], device: DeviceInfo, cores: Sequence[int]) -> str:
    """x86 is left to its counters: its clock depends on how many cores have work, and its maximum is that of one alone."""
    if device.architecture.startswith(("x86", "i")) or any(set(reading.governors) & set(_FIXED_BY_CHOICE) for reading in during):
        return ""
    wanted = list(cores) or [core.number for core in device.cores if core.big]
    most = {core.number: core.max_mhz for core in device.cores if core.number in wanted and core.max_mhz}
    lows = []
    for reading in during:
        shares = {core: reading.mhz[core] / most[core] for core in most if core < len(reading.mhz) and reading.mhz[core]}
        if shares:  # pinned: the slowest counts; else work may be on any of them, and is where the clock is highest
            core = (min if cores else max)(shares, key=lambda number: shares[number])
            lows += [(reading.mhz[core], most[core])] if shares[core] < _HELD_BACK else []
    if not lows or len(lows) < _OFTEN * len(during):
        return ""
    mhz, most_mhz = min(lows)
    return f"the clock fell to {mhz} of {most_mhz} MHz under load"


def why_wait(conditions: Conditions, cool_celsius: float, quiet_load: float = float("inf")) -> str:
    """Why a block should not begin yet, or "". Measuring itself raises the load, so only the first block should ask for quiet."""
    if conditions.throttled:
        return f"held back by {', '.join(conditions.throttled)}"
    if conditions.celsius:
        name = max(conditions.celsius, key=lambda sensor: conditions.celsius[sensor])
        if conditions.celsius[name] > cool_celsius:
            return f"{name} at {conditions.celsius[name]:.1f} °C, {cool_celsius:.0f} °C wanted"
    if conditions.load > quiet_load:
        return f"background load {conditions.load:.2f}, {quiet_load:.2f} wanted"
    return ""


def warnings(before: Conditions, after: Conditions, device: DeviceInfo) -> tuple[str, ...]:
    """What a reader of the figures should know, in one line each. `before` anything of ours ran, and `after` all of it."""
    found = []
    others = [governor for governor in before.governors if governor != "performance"]
    if others:
        fix = "a phone needs root for another" if device.kind == "adb" else "hold it: sudo cpupower frequency-set -g performance"
        found.append(f"the clock follows the governor {' and '.join(others)}; {fix}")
    if before.load > _QUIET_LOAD:
        found.append(f"other programs were running: load {before.load:.2f} before the measurement; stop them and profile again")
    if not after.celsius:
        found.append("no temperature can be read, so heat would show in the clock alone")
    elif max(after.celsius.values()) >= _HOT:
        found.append(
            f"{max(after.celsius.values()):.0f} °C at the end: close to where clocks are held back; add a heat sink or fan"
        )
    if not any(after.mhz):
        found.append("no core says its clock, so a clock that fell would not be seen")
    if "battery saver" in before.throttled:
        found.append("the battery saver holds the processor back; turn it off and profile again")
    return tuple(found)
