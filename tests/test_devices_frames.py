"""What a device prints as its files, taken apart without trust."""

from __future__ import annotations

import pytest

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.frames import parse_frames

PATTERNS = ("/sys/class/thermal/thermal_zone*/temp", "/proc/cpuinfo")
COMMANDS = (("vcgencmd", "get_throttled"),)


def parsed(text: str) -> list[Frame]:
    return list(parse_frames(text.split("\n"), PATTERNS, COMMANDS))


def test_a_frame_is_its_files_and_the_output_of_its_commands() -> None:
    text = (
        "frame 5093.42 18745.80\n"
        "file /sys/class/thermal/thermal_zone0/temp\n 48300\n"
        "file /proc/cpuinfo\n processor : 0\n \n Model : Raspberry Pi 5\n"
        "file vcgencmd get_throttled\n throttled=0x0\n"
        "end\n"
        "frame 5094.42 18749.80\nend\n"
    )
    files = {
        "/sys/class/thermal/thermal_zone0/temp": "48300\n",
        "/proc/cpuinfo": "processor : 0\n\nModel : Raspberry Pi 5\n",
        "vcgencmd get_throttled": "throttled=0x0\n",
    }
    assert parsed(text) == [Frame(5093.42, files), Frame(5094.42, {})]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/shadow",
        "/sys/class/thermal/../../../etc/temp",
        "/sys/class/thermal/thermal_zone0/../../temp",
        "/sys/class/thermal/thermal_zone/../temp",
        "/sys/class/thermal/thermal_zone\x1b[2J/temp",
        "/sys/class/thermal/thermal_zone0/temp ",
        "../sys/class/thermal/thermal_zone0/temp",
        "/proc/cpuinfo/",
        "vcgencmd get_throttled; reboot",
        "",
    ],
)
def test_files_that_nobody_asked_for_are_dropped(name: str) -> None:
    assert parsed(f"frame 1.0\nfile {name}\n secret\nfile /proc/cpuinfo\n x\nend\n") == [Frame(1.0, {"/proc/cpuinfo": "x\n"})]


def test_a_star_stands_for_no_hidden_name() -> None:
    lines = ["frame 1", "file /run/.hidden/temp", " 1", "file /run/../temp", " 1", "file /run/shown/temp", " 1", "end"]
    assert list(parse_frames(lines, ["/run/*/temp"], ())) == [Frame(1.0, {"/run/shown/temp": "1\n"})]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\xff garbage",
        "end of file",
        " 1\n 2",
        "file /proc/cpuinfo\n x",
        "frame 1.0\nfile /proc/cpuinfo\n x\n",
        "frames 1\nend",
    ],
)
def test_what_is_no_whole_frame_is_none(text: str) -> None:
    assert parsed(text) == []


def test_an_end_without_a_beginning_is_no_frame() -> None:
    assert parsed("file /proc/cpuinfo\n x\nend\nend\n") == []


@pytest.mark.parametrize("uptime", ["", "nan", "inf", "-5", "1e300", "9" * 40, "1.0x", "0x10"])
def test_a_clock_that_says_nothing_usable_is_zero(uptime: str) -> None:
    assert parsed(f"frame {uptime}\nend\n") == [Frame(0.0, {})]


def test_files_without_end_are_cut() -> None:
    endless = "file /proc/cpuinfo\n" + " 12345678\n" * 100_000
    (frame,) = parsed(f"frame 1\n{endless}end\n")
    assert len(frame.files["/proc/cpuinfo"]) == 4096
    many = "".join(f"file /sys/class/thermal/thermal_zone{index}/temp\n 1\n" for index in range(10_000))
    (frame,) = parsed(f"frame 1\n{many}end\n")
    assert len(frame.files) == 4096
