"""Which meters a device has, and which of them to take."""

from __future__ import annotations

from dsnet_edge.devices.device import Tree
from dsnet_edge.energy.battery import find_battery
from dsnet_edge.energy.errors import NoMeterError
from dsnet_edge.energy.meter import Finding, Meter
from dsnet_edge.energy.odpm import find_odpm
from dsnet_edge.energy.pmic import find_pmic
from dsnet_edge.energy.rapl import find_rapl
from dsnet_edge.energy.sensors import find_hwmon, find_iio
from dsnet_edge.energy.stream import stream_meter

# A sensor in the board's supply, then the processor's own counters, an estimate, and the gauge of a battery.
_KINDS = (find_hwmon, find_iio, find_odpm, find_rapl, find_pmic, find_battery)


def find_meters(tree: Tree) -> Finding:
    """All that are usable, the best first."""
    findings = [find(tree) for find in _KINDS]
    hints = [finding.hint for finding in findings if finding.hint]
    return Finding(tuple(meter for finding in findings for meter in finding.meters), "; ".join(hints))


def find_meter(tree: Tree, choice: str) -> Meter | None:
    """`choice` is auto, none, the name of a meter of the device, or csv:FILE of one in its supply. None for none.

    Raises NoMeterError where there is none such; with auto, that need not end a measurement of time.
    """
    if choice == "none":
        return None
    if choice.startswith("csv:"):
        return stream_meter(choice)
    found = find_meters(tree)
    hint = f" ({found.hint})" if found.hint else ""
    for meter in found.meters:
        if choice in ("auto", meter.name):
            return meter
    if found.meters:
        names = ", ".join(meter.name for meter in found.meters)
        raise NoMeterError(f"--energy {choice}: this device has {names}{hint}; choose one of them, auto or none")
    raise NoMeterError(
        f"--energy {choice}: this device has no power meter that we can read{hint}; "
        "put an INA219 or INA226 into its supply, or a meter with an output, --energy csv:FILE"
    )
