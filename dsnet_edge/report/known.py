"""What is known of devices beforehand: their cores and peaks, and what others have published about them (`profiles/`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.record import Format, T, read_record
from dsnet_edge.profile.values import DeviceInfo

_LANES = {"fp32": (4, ""), "fp16": (8, "fp16"), "int8": (16, "dotprod")}  # of a 128-bit instruction, and the extension it takes


class KnownError(DsnetError):
    """A description of a device or of published figures that is not usable."""


@dataclass(frozen=True)
class CoreKind:
    """Cores of one kind. One core's peak is `fma_per_cycle` times the lanes of a 128-bit instruction (4 of fp32; 8 of fp16 with
    the extension fp16; 16 of int8 with dotprod) times `mhz`. Zero, or empty, where no source says it."""

    name: str  # such as Cortex-A76
    part: str  # as /proc/cpuinfo names it, such as 0xd0b
    count: int
    mhz: int
    fma_per_cycle: int  # 128-bit multiply-add instructions that start in a cycle
    l1_bytes: int  # for data
    l2_bytes: int  # of a core, or of the cluster where they share it

    def peak(self, precision: str, isa: tuple[str, ...]) -> float:
        """Giga multiply-adds a second of one core; 0 where it is not known, or has no such instruction."""
        lanes, extension = _LANES.get(precision, (0, ""))
        return self.fma_per_cycle * lanes * self.mhz / 1000 if extension in ("", *isa) else 0.0


@dataclass(frozen=True)
class KnownDevice:
    """A board or phone. `match` are texts that the name of such a device contains, as whole words."""

    id: str
    name: str
    match: tuple[str, ...]
    soc: str
    cores: tuple[CoreKind, ...]  # the biggest first
    l3_bytes: int  # or the system's cache
    ram: str
    isa: tuple[str, ...]  # beyond ARMv8.0, of every core: fp16, dotprod, i8mm, bf16
    pitfalls: tuple[str, ...]  # what spoils measurements on it
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One published time, batch 1. The network is theirs, not ours."""

    device: str  # the id of a known device; empty where the source does not say
    network: str
    madds: int
    precision: str
    threads: int
    ms: float
    note: str = ""


@dataclass(frozen=True)
class References:
    """Figures of one source."""

    runtime: str
    published: str  # the date or version
    url: str
    conditions: str
    figures: tuple[Figure, ...]


DEVICE = Format(
    KnownDevice, "dsnet-edge device", 1, "describe the device", "compare it with profiles/devices/device.schema.json", KnownError
)
REFERENCES = Format(
    References,
    "dsnet-edge references",
    1,
    "collect the figures",
    "compare it with profiles/references/references.schema.json",
    KnownError,
)


@cache
def known_devices() -> tuple[KnownDevice, ...]:
    return _read_all(DEVICE, "devices")


@cache
def known_references() -> tuple[References, ...]:
    return _read_all(REFERENCES, "references")


def find_device(info: DeviceInfo) -> KnownDevice | None:
    """Names of Android devices come in parts, so all of what a device says about itself is searched. The longest match wins:
    a Raspberry Pi 3 Model B Plus is no Model B."""
    said = " ".join((info.name, info.soc, info.firmware))
    matches = [(len(text), known) for known in known_devices() for text in known.match if _contains(said, text)]
    return max(matches, key=lambda match: match[0])[1] if matches else None


def _contains(said: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said, re.IGNORECASE) is not None


def _read_all(form: Format[T], folder: str) -> tuple[T, ...]:
    files = sorted((_profiles() / folder).glob("*.json"))
    return tuple(read_record(form, file) for file in files if not file.name.endswith(".schema.json"))


def _profiles() -> FilePath:
    """Inside the package where it was installed from a wheel, beside it in a checkout."""
    package = FilePath(__file__).parents[1]
    inside = package / "profiles"
    return inside if inside.is_dir() else package.parent / "profiles"
