"""Conditions read from recorded devices, and what the thermal guard makes of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path as FilePath

import pytest

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.frames import frame_argv, parse_frames
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.profile.values import Conditions
from dsnet_edge.profiling.conditions import CONDITION_COMMANDS, CONDITION_FILES, conditions_of, read_conditions

DEVICES = FilePath(__file__).parent / "devices"


def recorded(name: str) -> Conditions:
    return read_conditions(FileTree(DEVICES / name))


def firmware(bits: int) -> Conditions:
    return conditions_of(Frame(1.0, {"vcgencmd get_throttled": f"throttled={bits:#x}\n"}))


def test_a_pi_that_was_once_throttled_is_not_throttled_now():
    pi = recorded("pi4")
    assert pi == Conditions(8461.27, 0.08, {"cpu-thermal": 48.199}, (600,) * 4, ("ondemand",), (), 2)


def test_every_bit_of_the_firmware_has_its_name():
    names = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
    assert [firmware(1 << bit).throttled for bit in range(4)] == [(name,) for name in names]
    assert firmware(0x50005).throttled == ("under-voltage", "throttled")
    assert [firmware(bits).throttle_events for bits in (0, 0xF, 0x10000, 0x50005, 0xF0000)] == [0, 0, 1, 2, 4]


@pytest.mark.parametrize(
    "text", ["", "throttled=", "throttled=0x", "error=1", "throttled=0x5; rm -rf /", "throttled=0x" + "f" * 40]
)
def test_firmware_that_says_something_else_says_nothing(text):
    found = conditions_of(Frame(1.0, {"vcgencmd get_throttled": text}))
    assert (found.throttled, found.throttle_events) == ((), 0)


def test_a_fan_that_turns_holds_nothing_back():
    pi = recorded("pi5")
    assert (pi.throttled, pi.governors, pi.mhz, pi.celsius) == ((), ("performance",), (2400,) * 4, {"cpu-thermal": 51.25})


def test_x86_counts_its_throttling_and_amd_says_its_temperature_as_a_chip():
    laptop = recorded("x86-rapl")
    assert laptop.throttle_events == 8 * (3 + 5)
    assert laptop.celsius == {"acpitz": 49.0, "x86_pkg_temp": 52.0}  # the disk's is not of interest
    amd = {"/sys/class/hwmon/hwmon2/name": "k10temp\n", "/sys/class/hwmon/hwmon2/temp1_input": "61375\n"}
    assert conditions_of(Frame(1.0, amd)).celsius == {"k10temp": 61.375}


def test_thermal_zones_that_are_none_are_left_out():
    assert recorded("phone-oneplus").celsius == {"cpu-1-0-usr": 43.2, "cpu-1-0-usr#2": 44.1}


def test_a_phone_without_readable_zones_says_current_temperatures_through_its_service():
    phone = recorded("pixel6")
    assert phone.celsius == {"BIG": 41.3, "LITTLE": 39.0, "VIRTUAL-SKIN": 32.8}
    assert phone.throttled == ()
    assert phone.mhz == (1803,) * 4 + (2253,) * 2 + (2802,) * 2


def test_a_phone_that_holds_its_processor_back():
    files = {
        "/sys/class/thermal/cooling_device3/type": "thermal-cpufreq-2\n",
        "/sys/class/thermal/cooling_device3/cur_state": "4\n",
        "/sys/class/thermal/cooling_device4/type": "backlight\n",
        "/sys/class/thermal/cooling_device4/cur_state": "9\n",
        "dumpsys thermalservice": "Thermal Status: 2\n",
        "settings get global low_power": "1\n",
    }
    assert conditions_of(Frame(1.0, files)).throttled == ("thermal-cpufreq-2 at 4", "thermal status moderate", "battery saver")


def test_a_core_that_is_off_or_silent_has_no_clock():
    files = {f"/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_cur_freq": "1800000\n" for core in (0, 10)}
    found = conditions_of(Frame(1.0, {**files, "/sys/devices/system/cpu/present": "0-11\n"}))
    assert found.mhz == (1800, *(0,) * 9, 1800, 0)


def test_a_device_that_says_nothing_has_empty_conditions(tmp_path):
    assert read_conditions(FileTree(tmp_path)) == Conditions(0.0, 0.0, {}, (), (), ())


@pytest.mark.parametrize("text", ["", "nan", "inf", "-5", "1e999", "\0\0", "99999999999999999999999", "words", "0x10", "é"])
def test_nonsense_is_never_a_condition(text):
    tree = FileTree(DEVICES / "pi4")
    names = [*tree.read(CONDITION_FILES).files, *(" ".join(argv) for argv in CONDITION_COMMANDS)]
    found = conditions_of(Frame(1.0, dict.fromkeys(names, text)))
    assert found.celsius == {} and found.throttled == () and found.throttle_events >= 0
    assert found.load >= 0 and all(mhz >= 0 for mhz in found.mhz)
    assert all(name.isprintable() for name in found.governors)


@pytest.mark.parametrize("name", ["pi4", "pi5", "pixel6", "phone-oneplus", "x86-rapl"])
def test_the_shell_of_a_device_brings_the_same_conditions(name):
    """The script that ssh and adb run there, run here on the recorded files."""
    root = str(DEVICES / name)
    patterns = [f"{root}{pattern}" for pattern in CONDITION_FILES]
    said = subprocess.run(frame_argv(patterns, (), 0.0, 1), capture_output=True, check=True, text=True).stdout
    (frame,) = parse_frames(said.splitlines(), patterns, ())
    brought = conditions_of(Frame(1.0, {file.removeprefix(root): text for file, text in frame.files.items()}))
    assert brought == conditions_of(replace(FileTree(root).read(CONDITION_FILES), uptime_s=1.0))


def test_the_patterns_find_all_that_the_reading_uses():
    """What a watch brings is what a single reading brings."""
    tree = FileTree(DEVICES / "pixel6")
    with tree.watch(CONDITION_FILES, CONDITION_COMMANDS, interval_s=60) as watch:
        pass
    assert [conditions_of(frame) for frame in watch.frames()] == [replace(recorded("pixel6"), uptime_s=473.85)] * 2
