"""The energy of a loop on a device behind a real sshd, by a Raspberry Pi 5's power chip that follows what runs there."""

from __future__ import annotations

import pytest
from device_side import write_programs
from sshd import Sshd

from dsnet_edge.devices.address import open_device
from dsnet_edge.energy.arithmetic import Cell, Loop
from dsnet_edge.energy.find import find_meter
from dsnet_edge.energy.measure import measure_energy

# 3 A of the core's 0.9 V more while there is a file `busy`; a digit of the clock trembles in the last places.
VCGENCMD = """#!/bin/sh
read -r uptime rest </proc/uptime
amperes=1
[ -e {busy} ] && amperes=4
echo "     VDD_CORE_A current(7)=$amperes.00${{uptime#*.}}0000A"
echo "     VDD_CORE_V volt(15)=0.90000000V"
"""
_LOOP = """
read -r begin rest </proc/uptime
sleep "$1"
read -r end rest </proc/uptime
echo "$begin $end"
"""


def test_a_loop_on_a_device_is_measured_by_the_devices_clock(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.1451 x 3 A x 0.9 V above rest, for the seconds of 1000 inferences."""
    monkeypatch.setenv("PATH", sshd.environment["PATH"])
    busy = sshd.folder / "busy"
    write_programs(sshd.device_bin, {"vcgencmd": VCGENCMD.format(busy=busy)})
    with open_device(sshd.address) as device:

        def run_loop(cell: Cell, seconds: float) -> Loop:
            busy.touch()
            finished = device.run(["sh", "-c", _LOOP, "sh", f"{seconds:g}"], 60.0)
            busy.unlink()
            begin_s, end_s = map(float, finished.stdout.split())
            return Loop(1000, begin_s, end_s)

        meter = find_meter(device.tree, "auto")
        assert meter is not None and meter.name == "pmic:estimate"
        (energy,) = measure_energy(meter, device.tree, [Cell("sliced", 1, 0)], run_loop, seconds=2.5)
    (path,) = energy.paths
    # mJ of 1000, so J. Ten readings a second: one that falls on the other side of the loop's begin or end is 4 % of 2.5 s.
    assert path.energy_mj == pytest.approx(1.1451 * 3 * 0.9 * path.seconds, rel=0.06)
    assert path.low < path.energy_mj < path.high
