"""Which `dsnet-bench` a device needs, and whether a file is one."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge.devices.device import Device, DeviceError
from dsnet_edge.devices.printable import last_line

_CHECKOUT = FilePath(__file__).resolve().parents[2]
BUILT_FOR_ARM = _CHECKOUT / "build" / "arm" / "dsnet-bench"  # by `make arm`
_QUESTION_S = 30.0

# `uname -m` of systems whose kernel runs these programs, and what their files say (e_machine, "System V ABI, machine numbers").
_ALIASES = {"aarch64": "aarch64", "arm64": "aarch64", "x86_64": "x86_64", "amd64": "x86_64"}
_MACHINES = {3: "i386", 40: "32-bit ARM", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_32_BIT = ("armv6l", "armv7l", "armv8l", "arm")


@dataclass(frozen=True)
class Processor:
    machine: str  # of `uname -m`: the kernel's
    word_bits: int | None  # of `getconf LONG_BIT`: that of the system's programs; Android has no getconf

    @property
    def note(self) -> str | None:
        """What a user should know even though it works."""
        if self.machine in ("aarch64", "arm64") and self.word_bits == 32:
            return "the kernel is 64-bit and the system 32-bit: dsnet-bench runs, Python backends for aarch64 do not"
        return None


def processor_of(device: Device) -> Processor:
    machine = device.run(["uname", "-m"], _QUESTION_S).stdout[:64].decode(errors="replace")
    bits = device.run(["getconf", "LONG_BIT"], _QUESTION_S).stdout[:64].strip()
    return Processor(last_line(machine), int(bits) if bits in (b"32", b"64") else None)


def bench_for(processor: Processor, given: FilePath | None = None) -> FilePath:
    """The program to push: `given`, else the checkout's. DeviceError if there is none, or it is for another processor."""
    wanted = _ALIASES.get(processor.machine)
    if processor.machine in _32_BIT:
        raise DeviceError(
            f"the device runs a 32-bit system ({processor.machine}); dsnet-bench needs a 64-bit kernel: install 64-bit "
            "Raspberry Pi OS, or on a Pi 3, 4 or Zero 2 W set arm_64bit=1 in /boot/firmware/config.txt and restart"
        )
    if wanted is None:
        raise DeviceError(f"the device's processor is {processor.machine!r}; dsnet-bench is for aarch64 and x86_64")
    if given is None:
        if wanted != "aarch64":
            raise DeviceError(f"there is no dsnet-bench for {wanted} here; give the file of one")
        if not BUILT_FOR_ARM.is_file():
            raise DeviceError(f"{BUILT_FOR_ARM} is missing; build it with: make arm")
    file = given or BUILT_FOR_ARM
    found = machine_of(file)
    if found != wanted:
        raise DeviceError(f"{file} is a program for {found}, the device's processor is {wanted}; build one for it")
    return file


def machine_of(file: FilePath) -> str:
    """Which processor a program is for, by its ELF header. DeviceError if it is none."""
    try:
        with file.open("rb") as stream:
            head = stream.read(20)
    except OSError as error:
        raise DeviceError(f"{file}: {error.strerror}; expected a dsnet-bench, as built by: make arm") from error
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[5] != 1:  # 1: little-endian
        raise DeviceError(f"{file} is no program for Linux (an ELF file); expected a dsnet-bench, as built by: make arm")
    (number,) = struct.unpack_from("<H", head, 18)
    return _MACHINES.get(number, f"ELF machine {number}")
