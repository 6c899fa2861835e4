"""The power rails of Google's Pixels from 6 on: IIO devices with a file `energy_value` of microwatt-seconds since boot.

Its first line is the moment in milliseconds of the boot clock, which goes on in sleep like /proc/uptime; then one line a rail:
`CH3(T=473848)[S2M_VDD_CPUCL2], 28071872`. (Format: the driver drivers/iio/power/odpm.c of Google's kernels.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import matching
from dsnet_edge.energy.account import Account, counted
from dsnet_edge.energy.meter import Finding, Meter, watching

_IIO = "/sys/bus/iio/devices"
_RAIL = re.compile(r"^CH\d{1,3}\(T=\d{1,20}\)\[([^\]\n]{1,60})\], (\d{1,20})$", re.MULTILINE)
_CPU = "VDD_CPU"  # S4M_VDD_CPUCL0 of the little cores, S3M_VDD_CPUCL1, S2M_VDD_CPUCL2 of the big ones
_STEP_J = 1e-6


def find_odpm(tree: Tree) -> Finding:
    files = tree.read((f"{_IIO}/iio:device*/name", f"{_IIO}/iio:device*/energy_value")).files
    for match, text in matching(files, rf"({_IIO}/iio:device\d+)/energy_value"):
        rails = tuple(sorted(rail for rail in _rails(text) if _CPU in rail))
        if rails:
            about = f"the processor's rails {', '.join(rails)}"
            return Finding((Meter("odpm:cpu", "cpu", about, watching((match[0],)), partial(_account, match[0], rails)),))
    named = any("odpm" in text for _, text in matching(files, rf"{_IIO}/iio:device\d+/name"))
    return Finding(hint="the power rails of a Pixel are readable by root alone: adb root, or the battery" if named else "")


def _account(file: str, rails: Sequence[str], frames: Sequence[Frame]) -> Account:
    """By the rails' own clock: what is read is up to 50 ms old."""
    found = []
    for frame in frames:
        text = frame.files.get(file, "")
        moment, microjoules = re.match(r"t=(\d{1,18})\n", text), _rails(text)
        if moment and all(rail in microjoules for rail in rails):
            found.append((int(moment[1]) / 1000, sum(microjoules[rail] for rail in rails) / 1e6))
    return counted(found, _STEP_J, "odpm:cpu")


def _rails(text: str) -> dict[str, int]:
    return {name: int(energy) for name, energy in _RAIL.findall(text)}
