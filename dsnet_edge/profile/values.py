"""A profile as values: what every path of one bundle costs on one device, and under which conditions that was measured.

Milliseconds `_ms`, millijoules `_mj`, watts `_w`, bytes `_bytes`, seconds `_s`. Nothing here measures anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

Signed = Annotated[float, "signed"]  # other numbers are not negative (schema.py)
Verdict = Literal["steady", "noisy", "throttled", "incomplete"]


@dataclass(frozen=True)
class Summary:
    """Of repeated measurements; `low` to `high` is a 95 % bootstrap interval of the median."""

    runs: int
    median: float
    low: float
    high: float
    p90: float
    p99: float
    min: float


@dataclass(frozen=True)
class Core:
    """Zero or empty where the system does not say."""

    number: int
    max_mhz: int = 0
    capacity: int = 0  # of 1024, relative to the fastest core
    part: str = ""  # as /proc/cpuinfo names it, such as 0xd0b
    big: bool = True  # see docs/arm.md


@dataclass(frozen=True)
class DeviceInfo:
    """The fingerprint of a device. Empty or zero where it does not say."""

    kind: str  # local, ssh, adb, or app: measured by the Android app itself
    name: str  # of the board or product, else of the processor
    cpu: str
    architecture: str  # as uname -m
    cores: tuple[Core, ...]
    ram_bytes: int
    system: str  # such as Debian GNU/Linux 12 (bookworm)
    kernel: str  # such as Linux 6.6.31
    firmware: str = ""  # Android's build fingerprint, a Pi's bootloader
    soc: str = ""


@dataclass(frozen=True)
class BundleInfo:
    name: str
    precision: str
    sha256: str  # of manifest.json, and so of everything in the bundle
    height: int
    width: int
    choices: tuple[int, ...]  # of the gate, one a path
    madds: tuple[int, ...]  # one a path


@dataclass(frozen=True)
class Conditions:
    """The state of a device at one moment."""

    uptime_s: float  # of the device's monotonic clock
    load: float  # 1-minute average
    celsius: Mapping[str, Signed]  # by sensor
    mhz: tuple[int, ...]  # of every core, 0 where it does not say
    governors: tuple[str, ...]  # those in use
    throttled: tuple[str, ...]  # what holds the device back now, such as under-voltage
    throttle_events: int = 0  # a counter since boot, where the system has one


@dataclass(frozen=True)
class PathSamples:
    """Every timed inference on one path of one block, in order."""

    path: int
    suffix_ms: tuple[float, ...]
    total_ms: tuple[float, ...]


@dataclass(frozen=True)
class Block:
    """One fresh process: opened, warmed up, then rounds of every path in random order."""

    number: int
    kept: bool
    reason: str  # why it was not kept, else empty
    seconds: float
    open_ms: float  # file and session
    first_run_ms: float
    prefix_ms: tuple[float, ...]
    gate_ms: tuple[float, ...]
    paths: tuple[PathSamples, ...]
    conditions: tuple[Conditions, ...]  # before, during, after


@dataclass(frozen=True)
class PathTime:
    path: int
    suffix_ms: Summary
    total_ms: Summary  # prefix and gate included


@dataclass(frozen=True)
class Series:
    """One backend at one number of threads, over all kept blocks."""

    backend: str
    threads: int
    cores: tuple[int, ...]  # that the threads were pinned to, or the process kept to; empty: the system chose
    runtime: str
    verdict: Verdict
    warnings: tuple[str, ...]
    anonymous_bytes: int  # resident after every path has run, less what the process held before
    file_bytes: int
    open_ms: Summary
    first_run_ms: Summary
    prefix_ms: Summary
    gate_ms: Summary
    paths: tuple[PathTime, ...]
    blocks: tuple[Block, ...]

    def path(self, index: int) -> PathTime:
        return next(time for time in self.paths if time.path == index)


@dataclass(frozen=True)
class MeterInfo:
    """Energies of two meters that differ in `name` or `scope` are never compared."""

    name: str  # such as rapl:package-0
    scope: str  # what it sees: cpu, board, device or supply
    resolution_mj: float  # the smallest difference that it can tell
    interval_s: float  # between its readings


@dataclass(frozen=True)
class PathEnergy:
    """Of one inference on one path: `(E_run - P_idle t) / n`. `low` to `high` is a 95 % interval."""

    backend: str
    threads: int
    path: int
    runs: int  # n
    seconds: float  # t
    run_mj: Signed  # E_run, of the whole loop
    idle_before_w: Signed
    idle_after_w: Signed
    energy_mj: Signed
    low: Signed
    high: Signed
    verdict: Verdict
    reason: str = ""  # of a verdict that is not steady


@dataclass(frozen=True)
class Energy:
    meter: MeterInfo
    paths: tuple[PathEnergy, ...]


@dataclass(frozen=True)
class Layer:
    """One op on one path, or one event of a runtime that does not tell which op it belongs to (then without costs)."""

    name: str
    kind: str
    segment: str  # prefix, gate or suffix
    ms: float  # median
    madds: int
    bytes: int  # weights and activations touched


@dataclass(frozen=True)
class PathLayers:
    backend: str
    threads: int
    path: int
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Peaks:
    """Of one core, measured: the two sides of the roofline."""

    gmadds_per_s: float  # from registers, in the precision of the bundle
    read_gb_per_s: float  # from memory


@dataclass(frozen=True)
class Layers:
    peaks: Peaks
    paths: tuple[PathLayers, ...]


@dataclass(frozen=True)
class Settings:
    """How it was measured."""

    seed: int
    blocks: int  # wanted of each series
    block_s: float
    noise: float  # the largest half-width of an interval, relative to the median, that is called steady


@dataclass(frozen=True)
class Profile:
    created: str  # ISO 8601, UTC, of this machine
    tool: str  # dsnet-edge and its version
    complete: bool  # false: stopped or cut off; --resume goes on
    device: DeviceInfo
    bundle: BundleInfo
    settings: Settings
    series: tuple[Series, ...]
    preprocess_ms: Summary | None = None  # a photo to the network's input, in Python; none on a device without it
    energy: Energy | None = None
    layers: Layers | None = None
    warnings: tuple[str, ...] = ()

    def find(self, backend: str, threads: int) -> Series | None:
        return next((s for s in self.series if (s.backend, s.threads) == (backend, threads)), None)
