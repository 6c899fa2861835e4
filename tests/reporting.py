"""A made-up profile of all that a report can show: 14 paths, several series, energy, layers, a warm device; and its sweep."""

from __future__ import annotations

import dataclasses
import math

from dsnet_edge.profile.sweep import DynamicPoint, Sweep
from dsnet_edge.profile.values import (
    Block,
    BundleInfo,
    Conditions,
    Energy,
    Layer,
    Layers,
    MeterInfo,
    PathEnergy,
    PathLayers,
    PathTime,
    Peaks,
    Profile,
    Series,
    Verdict,
)
from profiles import DEVICE, conditions, profile, series, summary

MADDS = tuple(int(1e6 * m) for m in (133, 153, 175, 200, 226, 255, 286, 319, 355, 393, 433, 475, 519, 565))
BUNDLE = BundleInfo("dsmbnet14", "fp32", "cd" * 32, 224, 224, tuple(range(14)), MADDS)


def full_profile(scale: float = 1.0, **changes: object) -> Profile:
    times = tuple(scale * (1.2 + madds / 1e6 * 0.048) for madds in MADDS)
    every = (
        _series("sliced", 1, times),
        _series("sliced", 4, tuple(ms * 0.31 for ms in times)),
        _series("litert", 1, tuple(ms * 1.12 for ms in times)),
        _series("litert", 4, tuple(ms * 0.38 for ms in times), "noisy", 0.06),
        _series("executorch", 1, tuple(ms * 1.15 for ms in times), "throttled"),
    )
    made = profile(
        bundle=BUNDLE,
        device=dataclasses.replace(DEVICE, name="Raspberry Pi 5 Model B Rev 1.0", soc="bcm2712", firmware="2024/06/05"),
        series=every,
        preprocess_ms=summary(4.1),
        energy=_energy(times),
        layers=Layers(Peaks(18.6, 11.2), (_layers(0), _layers(6), _layers(13))),
    )
    return dataclasses.replace(made, **changes)


def sweep() -> Sweep:
    static = tuple(69.2 + 5.2 * (1 - math.exp(-(madds - MADDS[0]) / 1.9e8)) for madds in MADDS)

    def point(bias: float) -> DynamicPoint:
        weights = [math.exp(-(((path - 6) / 4) ** 2) - bias * path / 3) for path in range(14)]
        shares = tuple(weight / sum(weights) for weight in weights)
        accuracy = sum(share * value for share, value in zip(shares, static, strict=True)) + 0.9 * math.exp(-(bias**2))
        return DynamicPoint(bias, accuracy, shares, sum(share * madds for share, madds in zip(shares, MADDS, strict=True)))

    points = tuple(point(bias) for bias in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
    return Sweep("2026-11-24T20:30:00+00:00", "dsnet-edge 0.1.0", BUNDLE, 50_000, "imagenet/val", "sliced", static, points)


def _series(backend: str, threads: int, times: tuple[float, ...], verdict: Verdict = "steady", spread: float = 0.008) -> Series:
    made = series(backend, threads, times, spread)
    prefix, gate = times[0] * 0.28, times[0] * 0.004
    paths = tuple(PathTime(path, summary(ms - prefix - gate, spread), summary(ms, spread)) for path, ms in enumerate(times))
    start = 100.0 * (1 + len(backend) + threads)
    blocks = tuple(_block(made.blocks[0], number, start + 12.0 * number, verdict) for number in range(8))
    warnings = ("the governor is ondemand; performance makes clocks steady",) if verdict == "noisy" else ()
    cold = tuple(summary(times[6] * factor) for factor in (0.4, 1.4))
    first = {"open_ms": cold[0], "first_run_ms": cold[1], "prefix_ms": summary(prefix), "gate_ms": summary(gate, 0.03)}
    return dataclasses.replace(made, paths=paths, blocks=blocks, verdict=verdict, warnings=warnings, **first)


def _block(block: Block, number: int, start: float, verdict: Verdict) -> Block:
    held = ("soft temperature limit",) if verdict == "throttled" and number > 4 else ()
    warm = 48 + 24 * (1 - math.exp(-start / 500))

    def state(after: float) -> Conditions:
        quiet = conditions(start + after, warm + after / 4)
        return dataclasses.replace(quiet, celsius={"cpu-thermal": warm + after / 4, "rp1_adc": warm - 6}, throttled=held)

    kept, reason = (False, "held back: soft temperature limit") if held else (True, "")
    return dataclasses.replace(block, number=number, conditions=(state(0), state(5), state(10)), kept=kept, reason=reason)


def _energy(times: tuple[float, ...]) -> Energy:
    def entry(path: int, ms: float) -> PathEnergy:
        verdict: Verdict = "noisy" if path == 3 else "steady"
        reason = "idle watts changed by 9 % over the loop" if path == 3 else ""
        mj = ms * 2.4
        return PathEnergy(
            "sliced",
            1,
            path,
            int(12_000 / ms),
            12.0,
            mj * 12_000 / ms + 32_000,
            2.71,
            2.73,
            mj,
            mj * 0.97,
            mj * 1.03,
            verdict,
            reason,
        )

    return Energy(MeterInfo("pmic", "board", 1.25, 0.1), tuple(entry(path, ms) for path, ms in enumerate(times)))


def _layers(path: int) -> PathLayers:
    width = math.sqrt(MADDS[path] / MADDS[-1])

    def block(number: int) -> tuple[Layer, ...]:
        segment = "prefix" if number < 5 else "suffix"
        grow = 1.0 if number < 5 else width
        depthwise = Layer(f"block{number}.depthwise", "depthwise", segment, 0.22 * grow, int(2.1e6 * grow), int(3e5 * grow))
        pointwise = Layer(
            f"block{number}.pointwise", "pointwise", segment, 1.9 * grow**2, int(33e6 * grow**2), int(2.4e6 * grow**2)
        )
        return depthwise, pointwise

    blocks = [layer for number in range(1, 14) for layer in block(number)]
    ends = [
        Layer("stem", "conv", "prefix", 0.5, 5_400_000, 700_000),
        Layer("gate.hidden", "linear", "gate", 0.02, 30_000, 130_000),
        Layer("block8.attention", "attention", "suffix", 0.09 * width, 0, 300_000),
        Layer("pool", "pool", "suffix", 0.03, 0, 200_000),
        Layer("classifier", "linear", "suffix", 0.4 * width, int(1.3e6 * width), int(5.2e6 * width)),
    ]
    return PathLayers("sliced", 1, path, (*blocks, *ends))
