"""Which dsnet-bench a device gets, by what its kernel and the file say."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from device_side import arm_bench, with_path, write_programs

from dsnet_edge.devices import binary
from dsnet_edge.devices.binary import Processor, bench_for, machine_of, processor_of
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.local import local_device


def refusal(processor: Processor, given: FilePath | None = None) -> str:
    with pytest.raises(DeviceError) as refused:
        bench_for(processor, given)
    assert str(refused.value).isprintable()
    return str(refused.value)


def elf(file: FilePath, machine: int) -> FilePath:
    """The header of a 64-bit little-endian program, as far as anyone looks."""
    file.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + machine.to_bytes(2, "little") + bytes(44))
    return file


def test_programs_say_what_they_are_for(tmp_path: FilePath) -> None:
    assert machine_of(arm_bench()) == "aarch64"
    assert machine_of(FilePath(sys.executable).resolve()) == platform.machine()
    assert machine_of(elf(tmp_path / "other", 4711)) == "ELF machine 4711"


@pytest.mark.parametrize("machine", ["aarch64", "arm64"])
def test_an_arm_device_gets_the_program_of_the_checkout(machine: str) -> None:
    assert bench_for(Processor(machine, 64)) == arm_bench() == bench_for(Processor(machine, None), arm_bench())


def test_a_32_bit_system_on_a_64_bit_kernel_runs_it_and_is_told_what_it_does_not() -> None:
    processor = Processor("aarch64", 32)
    assert bench_for(processor) == arm_bench()
    assert processor.note is not None and "dsnet-bench runs, Python backends for aarch64 do not" in processor.note
    assert Processor("aarch64", 64).note is None and Processor("aarch64", None).note is None


@pytest.mark.parametrize("machine", ["armv6l", "armv7l", "armv8l"])
def test_a_32_bit_kernel_is_refused_with_the_way_out(machine: str) -> None:
    text = refusal(Processor(machine, 32))
    assert f"32-bit system ({machine})" in text and "64-bit Raspberry Pi OS" in text and "arm_64bit=1" in text


@pytest.mark.parametrize("machine", ["riscv64", "mips", "", "../../etc", "x" * 64])
def test_other_processors_are_refused(machine: str) -> None:
    assert f"the device's processor is {machine!r}" in refusal(Processor(machine, 64))


def test_a_program_for_another_processor_is_refused(tmp_path: FilePath) -> None:
    desktop = elf(tmp_path / "desktop", 62)
    assert "is a program for x86_64, the device's processor is aarch64" in refusal(Processor("aarch64", 64), desktop)
    assert "is a program for 32-bit ARM, the device's" in refusal(Processor("aarch64", 64), elf(tmp_path / "old", 40))
    assert "is a program for aarch64, the device's processor is x86_64" in refusal(Processor("x86_64", 64), arm_bench())
    assert bench_for(Processor("x86_64", 64), desktop) == desktop
    assert refusal(Processor("x86_64", 64)) == "there is no dsnet-bench for x86_64 here; give the file of one"


def test_a_missing_build_is_told(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "BUILT_FOR_ARM", tmp_path / "dsnet-bench")
    assert refusal(Processor("aarch64", 64)) == f"{tmp_path}/dsnet-bench is missing; build it with: make arm"


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\necho 1\nexit 0\n", b"\x7fELF\x02\x02" + bytes(30)])
def test_a_file_that_is_no_program_is_refused(tmp_path: FilePath, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert "is no program for Linux" in refusal(Processor("aarch64", 64), tmp_path / "file")
    assert "No such file" in refusal(Processor("aarch64", 64), tmp_path / "missing")
    assert "Is a directory" in refusal(Processor("aarch64", 64), tmp_path)


@pytest.fixture
def says(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilePath]:
    """A folder whose programs come first on this device."""
    monkeypatch.setenv("PATH", with_path(tmp_path / "bin"))
    yield tmp_path / "bin"


@pytest.mark.parametrize(
    ("uname", "getconf", "processor"),
    [
        ("echo aarch64", "echo 64", Processor("aarch64", 64)),
        ("echo aarch64", "echo 32", Processor("aarch64", 32)),
        ("echo armv7l", "exit 127", Processor("armv7l", None)),
        ("printf '\\033[2J; reboot'", "echo 128", Processor("[2J; reboot", None)),
        ("cat /dev/zero | head -c 1000000 | tr '\\0' x", "echo undefined", Processor("x" * 64, None)),
        ("exit 1", "head -c 1000000 /dev/zero", Processor("", None)),
    ],
)
def test_what_the_device_says_of_itself_is_taken_with_care(
    says: FilePath, uname: str, getconf: str, processor: Processor
) -> None:
    write_programs(says, {"uname": f"#!/bin/sh\n{uname}\n", "getconf": f"#!/bin/sh\n{getconf}\n"})
    with local_device() as device:
        assert processor_of(device) == processor


def test_this_machine_is_what_it_is() -> None:
    with local_device() as device:
        assert processor_of(device) == Processor(platform.machine(), 64)
