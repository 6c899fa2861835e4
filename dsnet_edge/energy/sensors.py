"""Power sensors on I2C: INA219, 226, 260, 3221 and their kin, through the kernel's hwmon or IIO.

Formats: Documentation/hwmon/{sysfs-interface,ina2xx,ina3221}.rst and Documentation/ABI/testing/sysfs-bus-iio of Linux. What a
sensor sees depends on where it was soldered in; without a label it is taken to be in the board's supply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import clean, matching, number
from dsnet_edge.energy.account import Account, integrated
from dsnet_edge.energy.meter import Finding, Meter, Scope, readings, watching

# Files, and what their numbers are to be multiplied by: watts are the product of them all.
Factors = tuple[tuple[str, float], ...]
Channels = Callable[[Mapping[str, str], str], Iterator[tuple[str, Factors]]]  # (label, factors) of a chip's folder

_CHIP = r"ina(?:2\d\d|3221)"
_HWMON, _IIO = "/sys/class/hwmon/hwmon", "/sys/bus/iio/devices/iio:device"
_WHOLE = ("VDD_IN", "POM_5V_IN")  # labels of what a Jetson's module takes; every other label is one of a part of it


def find_hwmon(tree: Tree) -> Finding:
    names = ("name", "power*_input", "in*_input", "in*_label", "curr*_input")
    return _finding("hwmon", tree.read([f"{_HWMON}*/{name}" for name in names]).files, rf"{_HWMON}\d+", _hwmon_channels)


def find_iio(tree: Tree) -> Finding:
    names = ("name", *(f"in_{quantity}*_{part}" for quantity in ("power", "voltage", "current") for part in ("raw", "scale")))
    return _finding("iio", tree.read([f"{_IIO}*/{name}" for name in names]).files, rf"{_IIO}\d+", _iio_channels)


def _finding(kind: str, files: Mapping[str, str], folders: str, channels: Channels) -> Finding:
    meters: list[Meter] = []
    for match, text in matching(files, rf"({folders})/name"):
        if chip := re.match(_CHIP, text):
            for label, factors in channels(files, match[1]):
                name = ":".join((kind, chip[0], *([label] if label else [])))
                same = sum(re.sub(r"#\d+$", "", meter.name) == name for meter in meters)
                meters.append(_meter(f"{name}#{same + 1}" if same else name, label, factors))
    return Finding(tuple(sorted(meters, key=lambda meter: (meter.scope != "board", "CPU" not in meter.name))))


def _meter(name: str, label: str, factors: Factors) -> Meter:
    scope: Scope = "board" if label in ("", *_WHOLE) else "cpu"
    about = f"the rail {label}" if label else "what is behind the sensor, taken to be the whole board"
    return Meter(name, scope, about, watching([file for file, _ in factors]), partial(_account, name, factors))


def _account(what: str, factors: Factors, frames: Sequence[Frame]) -> Account:
    def watts(files: Mapping[str, str]) -> float | None:
        values = [number(files.get(file)) for file, _ in factors]
        scaled = [value * scale for value, (_, scale) in zip(values, factors, strict=True) if value is not None]
        return math.prod(scaled) if len(scaled) == len(factors) else None

    return integrated(readings(frames, watts), what)


def _hwmon_channels(files: Mapping[str, str], folder: str) -> Iterator[tuple[str, Factors]]:
    """Microwatts, or millivolts of the bus times milliamperes. An INA3221 has a fourth current, the sum of its three."""
    for match, _ in matching(files, rf"{folder}/curr([123])_input"):
        label = _label(files.get(f"{folder}/in{match[1]}_label"))
        watts, volts = f"{folder}/power{match[1]}_input", f"{folder}/in{match[1]}_input"
        if watts in files:
            yield label, ((watts, 1e-6),)
        elif volts in files:
            yield label, ((volts, 1e-3), (match[0], 1e-3))


def _iio_channels(files: Mapping[str, str], folder: str) -> Iterator[tuple[str, Factors]]:
    """Raw numbers times their scale are milliwatts, or millivolts and milliamperes. Voltage 0 is the shunt's, 1 the bus's."""

    def factor(name: str) -> tuple[str, float] | None:
        scale = number(files.get(f"{folder}/{name}_scale"))
        return (f"{folder}/{name}_raw", scale / 1000) if scale and f"{folder}/{name}_raw" in files else None

    watts, volts, amperes = factor("in_power2"), factor("in_voltage1"), factor("in_current3")
    if watts:
        yield "", (watts,)
    elif volts and amperes:
        yield "", (volts, amperes)


def _label(text: str | None) -> str:
    return re.sub(r"[^\w+.-]", "_", clean(text))[:40]
