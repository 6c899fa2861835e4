"""The power chip of a Raspberry Pi 5: `vcgencmd pmic_read_adc` says volts and amperes of twelve rails behind it.

What the chip itself, the 5 V USB ports and the HATs take is not in them, so their sum is less than what the board takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import clean
from dsnet_edge.energy.account import Account, integrated
from dsnet_edge.energy.meter import Finding, Meter, readings, watching

_COMMAND = ("vcgencmd", "pmic_read_adc")
_LINE = re.compile(r"^\s*(\w{1,30})_([AV]) [a-z]{1,10}\(\d{1,3}\)=(\d{1,4}\.\d{1,12})[AV]\s*$", re.MULTILINE)

_MODEL = "/proc/device-tree/model"
_DENIED = (
    "vcgencmd pmic_read_adc tells nothing: let this user ask the firmware with sudo usermod -aG video $USER, and log in again"
)

# A published straight line from the sum of the rails to what a power meter in the supply showed: one author's calibration of
# one board (github.com/jfikar/RPi5-power), not a specification. The constant goes away with the idle power.
_SLOPE, _CONSTANT_W = 1.1451, 0.5879


def find_pmic(tree: Tree) -> Finding:
    rails = tuple(sorted(_watts(tree.command(_COMMAND) or "")))
    if not rails:
        board = clean(tree.read((_MODEL,)).files.get(_MODEL))
        return Finding(hint=_DENIED if re.match(r"Raspberry Pi (5|Compute Module 5)", board) else "")
    watch = watching(commands=(_COMMAND,))
    plain = f"the sum of {len(rails)} rails of the board"
    fitted = f"an estimate of the whole board: {_SLOPE} x {plain} + {_CONSTANT_W} W"
    estimate = Meter("pmic:estimate", "board", fitted, watch, partial(_account, rails, "pmic:estimate", _SLOPE, _CONSTANT_W))
    return Finding((estimate, Meter("pmic:rails", "board", plain, watch, partial(_account, rails, "pmic:rails", 1.0, 0.0))))


def _account(rails: Sequence[str], what: str, slope: float, constant_w: float, frames: Sequence[Frame]) -> Account:
    def watts(files: Mapping[str, str]) -> float | None:
        found = _watts(files.get(" ".join(_COMMAND), ""))
        return slope * sum(found[rail] for rail in rails) + constant_w if all(rail in found for rail in rails) else None

    return integrated(readings(frames, watts), what)


def _watts(text: str) -> dict[str, float]:
    """Of every rail that says both; EXT5V and BATT have no current."""
    volts, amperes = ({rail: float(value) for rail, unit, value in _LINE.findall(text) if unit == wanted} for wanted in "VA")
    return {rail: volts[rail] * current for rail, current in amperes.items() if rail in volts}
