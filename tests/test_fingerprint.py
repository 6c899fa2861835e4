"""Descriptions of recorded devices; their big cores are those of tests/native/test_topology.cpp."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest

from dsnet_edge import _native
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.profile.values import Core, DeviceInfo
from dsnet_edge.profiling.cores import cores_of
from dsnet_edge.profiling.fingerprint import describe_device

DEVICES = FilePath(__file__).parent / "devices"
CPU = "/sys/devices/system/cpu"


def recorded(name: str, kind: str = "ssh") -> DeviceInfo:
    return describe_device(FileTree(DEVICES / name), kind)


def each(name: str, values: list[str]) -> dict[str, str]:
    return {f"{CPU}/cpu{core}/{name}": f"{value}\n" for core, value in enumerate(values)}


def big(files: dict[str, str]) -> list[int]:
    return [core.number for core in cores_of(files) if core.big]


def test_a_raspberry_pi_is_named_by_its_board_and_its_chip_by_the_device_tree():
    assert recorded("pi4") == DeviceInfo(
        kind="ssh",
        name="Raspberry Pi 4 Model B Rev 1.4",
        cpu="Cortex-A72",
        architecture="aarch64",
        cores=tuple(Core(number, 1800, 0, "0xd08", True) for number in range(4)),
        ram_bytes=3882784 * 1024,
        system="Debian GNU/Linux 12 (bookworm)",
        kernel="Linux 6.6.31+rpt-rpi-v8",
        firmware="bootloader 2024/04/15 14:12:03",
        soc="bcm2711",
    )


def test_a_phone_is_named_by_its_product_and_has_three_kinds_of_cores():
    phone = recorded("pixel6", "adb")
    assert (phone.name, phone.soc, phone.system) == ("Google Pixel 6 Pro", "Google Tensor", "Android 14")
    assert phone.cpu == "Cortex-X1 + Cortex-A76 + Cortex-A55"
    assert phone.cores[4] == Core(4, 2253, 498, "0xd0b", True)
    assert [core.number for core in phone.cores if core.big] == [4, 5, 6, 7]
    assert phone.firmware.startswith("google/raven/raven:14/")


def test_a_laptop_is_named_by_its_maker_and_counts_each_physical_core_once():
    laptop = recorded("x86-rapl", "local")
    assert (laptop.name, laptop.cpu) == ("LENOVO 20L6S02D00", "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz")
    assert [core.number for core in laptop.cores] == list(range(8))
    assert [core.number for core in laptop.cores if core.big] == [0, 1, 2, 3]


def test_a_jetson_that_says_little_else_still_has_a_name():
    jetson = recorded("jetson")
    assert (jetson.name, jetson.soc, jetson.cores) == ("NVIDIA Jetson Orin Nano Developer Kit", "tegra234", ())


CAPACITY, FREQUENCY, SIBLINGS = "cpu_capacity", "cpufreq/cpuinfo_max_freq", "topology/thread_siblings_list"
PHONE = each(CAPACITY, ["160"] * 4 + ["620"] * 3 + ["1024"])


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        (PHONE, [4, 5, 6, 7]),
        (each(FREQUENCY, ["1800000"] * 4 + ["2800000"] * 3 + ["2840000"]), [4, 5, 6, 7]),
        (each(SIBLINGS, ["0,2", "1,3", "0,2", "1,3"]), [0, 1]),
        (each(SIBLINGS, ["0-1", "0-1", "2-3", "2-3"]), [0, 2]),
        (PHONE | {f"{CPU}/cpu7/online": "0\n"}, [4, 5, 6]),
        (PHONE | {f"{CPU}/cpu0/{CAPACITY}": ""}, list(range(8))),  # one core says nothing, so nothing is known
        (each("online", ["0"] * 4), [0, 1, 2, 3]),
        (each(CAPACITY, ["junk"] * 4), [0, 1, 2, 3]),
        ({f"{CPU}/present": "0-2\n"}, [0, 1, 2]),
        ({}, []),
    ],
)
def test_big_cores_are_those_of_the_native_rule(files, cores):
    assert big(files) == cores


def test_this_machine_has_the_big_cores_that_the_native_runtime_finds():
    here = describe_device(FileTree(), "local")
    assert set(_native.big_cores()) <= {core.number for core in here.cores if core.big}
    assert here.ram_bytes > 1 << 20 and here.architecture and here.kernel.startswith("Linux ")


def test_the_chip_is_found_where_a_shell_has_lost_the_bytes_between_its_names(tmp_path):
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/compatible").write_text("raspberrypi,5-model-bbrcm,bcm2712")
    assert describe_device(FileTree(tmp_path), "ssh").soc == recorded("pi5").soc == "bcm2712"


def test_what_a_device_says_is_cut_to_printable_lines(tmp_path):
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Evil\x1b[2J\nboard" + "x" * 5000)
    (tmp_path / "proc/cpuinfo").write_text("processor : 99999999999\nprocessor\t: 0\nCPU part\t: 0xd03; reboot\n")
    found = describe_device(FileTree(tmp_path), "ssh")
    assert found.name.startswith("Evil[2J board") and len(found.name) == 200 and found.name.isprintable()
    assert found.cores == (Core(0),)


def test_a_device_that_says_nothing_is_unknown(tmp_path):
    found = describe_device(FileTree(tmp_path), "ssh")
    assert (found.name, found.cpu, found.architecture, found.cores, found.ram_bytes) == ("unknown device", "", "", (), 0)
