"""The procedure on a device that is played: 3 W at rest, 5 W under load, 10 ms an inference are 20 mJ by every meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from playing import Played

from dsnet_edge.energy.arithmetic import Cell, Loop
from dsnet_edge.energy.errors import MeterError
from dsnet_edge.energy.find import find_meter
from dsnet_edge.energy.measure import measure_energy
from dsnet_edge.profile import read_profile, write_profile
from dsnet_edge.profile.values import Energy, PathEnergy
from profiles import profile

CELLS = tuple(Cell("sliced", 1, path) for path in range(3))
SENSOR, RAPL, SUPPLY = "/sys/class/hwmon/hwmon1", "/sys/class/powercap/intel-rapl:0", "/sys/class/power_supply"


def trembling(second: float) -> int:
    """-5 to 5, another every tenth of a second, 0 on average over 11 of them."""
    return round(second * 10) * 7 % 11 - 5


def sensor(second: float, watts: float, joules: float) -> Mapping[str, str]:
    said = f"{round(watts * 1e6) + 400 * trembling(second)}\n"
    return {f"{SENSOR}/name": "ina226\n", f"{SENSOR}/curr1_input": "0\n", f"{SENSOR}/power1_input": said}


def rapl(second: float, watts: float, joules: float) -> Mapping[str, str]:
    """It wraps every 50 J."""
    said = {"name": "package-0\n", "max_energy_range_uj": "50000000\n", "energy_uj": f"{round(joules * 1e6) % 50_000_000}\n"}
    return {f"{RAPL}/{name}": text for name, text in said.items()}


def pixel(second: float, watts: float, joules: float) -> Mapping[str, str]:
    moment = round(second * 1000) // 50 * 50  # refreshed every 50 ms
    counted = round((joules - watts * (second - moment / 1000)) * 1e6)
    text = f"t={moment}\nCH3(T={moment})[S2M_VDD_CPUCL2], {counted}\nCH4(T={moment})[VSYS_PWR_MODEM], 77\n"
    return {"/sys/bus/iio/devices/iio:device0/energy_value": text}


def pmic(second: float, watts: float, joules: float) -> Mapping[str, str]:
    """So that the estimate is what is used."""
    amperes = (watts + 0.002 * trembling(second) - 0.5879) / 1.1451 / 0.9
    return {"vcgencmd pmic_read_adc": f"  VDD_CORE_A current(7)={amperes:.8f}A\n  VDD_CORE_V volt(15)=0.90000000V\n"}


def gauge(second: float, watts: float, joules: float, milli: bool, every_s: float = 0.5, online: str = "0") -> Mapping[str, str]:
    """Updated twice a second, with a digit that trembles; in milliamperes and positive, or in microamperes and negative."""
    trembling = 1 if second // every_s % 2 else -1
    current = round(watts / 4.0 * 1000) + trembling if milli else -round(watts / 4.0 * 1e6) + 1000 * trembling
    said = {"type": "Battery", "status": "Discharging", "current_now": f"{current}", "voltage_now": "4000000"}
    return {**{f"{SUPPLY}/battery/{name}": f"{text}\n" for name, text in said.items()}, f"{SUPPLY}/usb/online": online}


def phone(second: float, watts: float, joules: float) -> Mapping[str, str]:
    return gauge(second, watts, joules, milli=True)


def other_phone(second: float, watts: float, joules: float) -> Mapping[str, str]:
    return gauge(second, watts, joules, milli=False)


def measured(device: Played, **options: Any) -> Energy:
    meter = find_meter(device, "auto")
    assert meter is not None
    *_, energy = measure_energy(meter, device, CELLS, options.pop("run_loop", device.run_loop), wait=device.wait, **options)
    return energy


@pytest.mark.parametrize(
    ("tell", "name", "scope"),
    [
        (sensor, "hwmon:ina226", "board"),
        (rapl, "rapl:package", "cpu"),
        (pixel, "odpm:cpu", "cpu"),
        (pmic, "pmic:estimate", "board"),
        (phone, "battery", "device"),
        (other_phone, "battery", "device"),
    ],
)
def test_every_meter_finds_20_mj(tell, name, scope):
    energy = measured(Played(tell))
    assert (energy.meter.name, energy.meter.scope) == (name, scope)
    for entry in energy.paths:
        assert entry.verdict == "steady", entry.reason
        assert entry.energy_mj == pytest.approx(20.0, rel=0.004)
        assert entry.low <= 20.0 <= entry.high
        assert entry.high - entry.low < 1.0
        assert (entry.seconds, entry.runs) == (pytest.approx(entry.runs * 0.01), pytest.approx(100 * entry.seconds))
        assert (entry.idle_before_w, entry.idle_after_w) == (pytest.approx(3.0, abs=0.01),) * 2
        assert entry.run_mj == pytest.approx(5000 * entry.seconds, rel=0.002)


def test_each_loop_lies_between_two_rests_and_every_cell_is_run_once_in_the_order_of_the_seed():
    orders = []
    for seed in range(4):
        device = Played(sensor)
        energy = measured(device, seed=seed)
        orders.append([cell.path for cell, _ in device.ran])
        assert [entry.path for entry in energy.paths] == orders[-1]
        assert sorted(orders[-1]) == [0, 1, 2]
        assert device.now_s == pytest.approx(1000 + 4 * 10.0 + 3 * 10.4)
        assert not device.watches
    assert len(set(map(tuple, orders))) > 1


def test_what_is_known_is_told_after_every_loop():
    device = Played(sensor)
    meter = find_meter(device, "auto")
    assert meter is not None
    lengths = [len(energy.paths) for energy in measure_energy(meter, device, CELLS, device.run_loop, wait=device.wait)]
    assert lengths == [1, 2, 3]


def test_a_result_is_read_from_a_profile_as_it_was_written(tmp_path):
    energy = measured(Played(sensor))
    write_profile(profile(energy=energy), tmp_path / "device.json")
    assert read_profile(tmp_path / "device.json").energy == energy


def test_a_steady_drift_of_the_idle_power_goes_away_and_widens_the_interval():
    def rising(second: float) -> float:
        return 3.0 + 0.005 * (second - 1000)

    steady, drifting = measured(Played(sensor)).paths[0], measured(Played(sensor, idle_w=rising)).paths[0]
    assert drifting.energy_mj == pytest.approx(20.0, rel=0.01)
    assert drifting.high - drifting.low > 2 * (steady.high - steady.low)
    assert drifting.low < 20.0 < drifting.high


def test_an_idle_power_that_jumps_makes_a_noisy_result():
    """From 3 to 5 W in the middle of the first loop."""
    energy = measured(Played(sensor, idle_w=lambda second: 3.0 if second < 1015 else 5.0)).paths[0]
    assert energy.verdict == "noisy"
    assert "its power" in energy.reason and energy.low < 20.0 < energy.high


@pytest.mark.parametrize("load_w", [0.0, -0.5])
def test_a_load_that_is_not_above_rest_is_no_result(load_w):
    for energy in measured(Played(sensor, load_w=load_w)).paths:
        assert energy.verdict == "noisy"
        assert "is not above that at rest" in energy.reason


def test_a_slow_gauge_gets_longer_loops_and_a_very_slow_one_is_refused():
    device = Played(lambda *now: gauge(*now, milli=True, every_s=1.0))
    energy = measured(device)
    assert [seconds for _, seconds in device.ran] == [pytest.approx(24.0)] * 3
    assert [entry.verdict for entry in energy.paths] == ["steady"] * 3
    slow = measured(Played(lambda *now: gauge(*now, milli=True, every_s=8.0)))
    assert {entry.verdict for entry in slow.paths} <= {"noisy", "incomplete"}
    assert all("updated" in entry.reason or "updates" in entry.reason for entry in slow.paths)


def test_a_meter_that_never_changes_is_an_error():
    device = Played(lambda second, watts, joules: sensor(0.0, 3.0, joules))
    with pytest.raises(MeterError, match=r"^hwmon:ina226: it said the same all through rest and load; use another meter"):
        measured(device)
    assert len(device.ran) == 1 and not device.watches


def test_a_clock_that_goes_back_is_an_error():
    device = Played(rapl)

    def run_loop(cell: Cell, seconds: float) -> Loop:
        loop = device.run_loop(cell, seconds)
        for watch in device.watches:
            watch.seen[-1] = replace(watch.seen[-1], uptime_s=12.0)
        return loop

    with pytest.raises(MeterError, match=r"^rapl:package: its clock went back from \S+ to 12\.00 s; measure again$"):
        measured(device, run_loop=run_loop)


def test_a_phone_that_is_plugged_in_meanwhile_keeps_what_was_measured_before():
    device = Played(lambda second, *now: gauge(second, *now, milli=True, online="0" if second < 1045 else "1"))
    meter = find_meter(device, "auto")
    assert meter is not None
    known: list[Energy] = []
    with pytest.raises(MeterError, match=r"^battery: usb is plugged in at 1045"):
        known.extend(measure_energy(meter, device, CELLS, device.run_loop, wait=device.wait))
    assert [entry.verdict for energy in known for entry in energy.paths] == ["steady"]


def loops(device: Played, **changes: Any) -> list[PathEnergy]:
    def run_loop(cell: Cell, seconds: float) -> Loop:
        return replace(device.run_loop(cell, seconds), **changes)

    return list(measured(device, run_loop=run_loop).paths)


def test_a_loop_that_was_held_back_is_marked_throttled():
    for energy in loops(Played(sensor), throttled="held back by under-voltage"):
        assert (energy.verdict, energy.reason) == ("throttled", "held back by under-voltage")
        assert energy.energy_mj == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"runs": 0}, "loop of 0 runs"),
        ({"end_s": 900.0}, "of the device's clock"),
        ({"begin_s": 5000.0, "end_s": 5010.0}, "too little under load"),
    ],
)
def test_a_loop_without_runs_or_time_is_incomplete(changes, reason):
    for energy in loops(Played(sensor), **changes):
        assert energy.verdict == "incomplete" and reason in energy.reason
        assert (energy.energy_mj, energy.low, energy.high) == (0.0, 0.0, 0.0)
