"""Profiles that nobody measured, for tests of what reads them."""

from __future__ import annotations

import dataclasses

from dsnet_edge.profile.values import (
    Block,
    BundleInfo,
    Conditions,
    Core,
    DeviceInfo,
    Energy,
    MeterInfo,
    PathEnergy,
    PathSamples,
    PathTime,
    Profile,
    Series,
    Settings,
    Summary,
)

MADDS = (3_317_000, 5_090_000, 8_080_000)
DEVICE = DeviceInfo(
    kind="ssh",
    name="Raspberry Pi 5 Model B Rev 1.0",
    cpu="Cortex-A76",
    architecture="aarch64",
    cores=tuple(Core(number, 2400, 1024, "0xd0b") for number in range(4)),
    ram_bytes=8 << 30,
    system="Debian GNU/Linux 12 (bookworm)",
    kernel="Linux 6.6.31",
)


def summary(median: float, spread: float = 0.01) -> Summary:
    low, high = median * (1 - spread), median * (1 + spread)
    return Summary(runs=60, median=median, low=low, high=high, p90=high * 1.02, p99=high * 1.1, min=low * 0.98)


def conditions(uptime_s: float = 100.0, celsius: float = 51.2) -> Conditions:
    return Conditions(uptime_s, 0.2, {"cpu-thermal": celsius}, (2400,) * 4, ("performance",), ())


def series(backend: str = "sliced", threads: int = 1, ms: tuple[float, ...] = (1.0, 1.5, 2.0), spread: float = 0.01) -> Series:
    prefix, gate = 0.3, 0.02
    times = tuple(PathTime(path, summary(total - prefix - gate, spread), summary(total, spread)) for path, total in enumerate(ms))
    block = Block(
        number=0,
        kept=True,
        reason="",
        seconds=2.0,
        open_ms=1.4,
        first_run_ms=2.2,
        prefix_ms=(prefix,) * 9,
        gate_ms=(gate,) * 9,
        paths=tuple(
            PathSamples(path, (total - prefix - gate,) * 3, (total * 0.99, total, total * 1.01)) for path, total in enumerate(ms)
        ),
        conditions=(conditions(), conditions(101.0, 53.0), conditions(102.0, 54.0)),
    )
    return Series(
        backend=backend,
        threads=threads,
        cores=(),
        runtime=f"{backend} test",
        verdict="steady",
        warnings=(),
        anonymous_bytes=4_000_000,
        file_bytes=2_000_000,
        open_ms=summary(1.4),
        first_run_ms=summary(2.2),
        prefix_ms=summary(prefix),
        gate_ms=summary(gate),
        paths=times,
        blocks=(block,),
    )


def energy(mj: tuple[float, ...] = (2.0, 3.1, 4.2), name: str = "hwmon:ina226", scope: str = "board") -> Energy:
    paths = tuple(
        PathEnergy("sliced", 1, path, 8000, 12.0, 60_000.0, 2.71, 2.73, value, value * 0.97, value * 1.03, "steady")
        for path, value in enumerate(mj)
    )
    return Energy(MeterInfo(name, scope, 1.25, 0.1), paths)


def profile(**changes: object) -> Profile:
    made = Profile(
        created="2026-11-24T20:22:15+00:00",
        tool="dsnet-edge 0.1.0",
        complete=True,
        device=DEVICE,
        bundle=BundleInfo("dsmbnet14-32", "fp32", "ab" * 32, 32, 32, (0, 6, 13), MADDS),
        settings=Settings(seed=0, blocks=8, block_s=2.0, noise=0.02),
        series=(series(), series("litert", ms=(1.4, 1.9, 2.5)), series("sliced", 4, (0.6, 0.8, 1.0))),
        preprocess_ms=summary(0.8),
        energy=energy(),
    )
    return dataclasses.replace(made, **changes)
