"""What a phone's battery, or the rails of its processor, say while it rests, works and rests, and the energies that Python finds.

`energy.bin`: how many series; of each 1 for a battery, else 0 for rails, its readings (seconds, current and voltage, or
milliseconds and microjoules), 1 where Python takes them as a meter's, and then the account (joules at the end, interval, smallest
differences), and loops: their runs, times and rests, and the energy, its interval, power under load and at rest, and the verdict.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.energy.account import Account, counted
from dsnet_edge.energy.arithmetic import Cell, Loop, Rest, path_energy
from dsnet_edge.energy.battery import find_battery
from dsnet_edge.energy.errors import MeterError
from dsnet_edge.energy.meter import Meter

_VERDICTS = ("steady", "noisy", "throttled", "incomplete")
_FOLDER = "/sys/class/power_supply/battery"


@dataclass(frozen=True)
class Series:
    idle_w: float
    load_w: float
    noise_w: float
    drift_w: float = 0.0  # of the power at rest, from the first to the last
    unit: float = 1e-6  # amperes that one of the gauge's numbers is worth
    sign: int = -1
    volt: int = 1000  # of the gauge's numbers, one volt; 1 000 000 on some
    every_s: float = 0.25  # the gauge says something new


_SERIES = (
    Series(1.2, 3.4, 0.02),
    Series(1.2, 3.4, 0.02, unit=1e-3),  # milliamperes, positive while used
    Series(1.2, 3.4, 0.02, unit=1e-3, sign=1, volt=1_000_000),
    Series(0.8, 5.5, 0.3, sign=1),
    Series(1.2, 1.25, 0.2),  # too little above rest
    Series(1.2, 3.0, 0.05, drift_w=0.8),
    Series(1.2, 3.4, 0.02, every_s=1.5),  # an update seldom
    Series(0.0, 0.0, 0.0),
    Series(0.02, 0.02, 0.02),  # either sign: it is fed
    Series(300.0, 300.0, 1.0),  # no battery
)


def write(folder: FilePath) -> None:
    generator = np.random.default_rng(3)
    batteries = [_battery(series, generator) for series in _SERIES]
    rails = [_rails(series, generator) for series in _SERIES[:7]]
    cases = [*batteries, *rails]
    (folder / "energy.bin").write_bytes(struct.pack(">i", len(cases)) + b"".join(cases))


def _watts(series: Series, generator: np.random.Generator) -> Iterator[tuple[float, float]]:
    """10 s of rest, 20 s of load, 10 s of rest: five readings a second, of which some say the same as the one before."""
    now, said = 0.0, 0.0
    while now < 40:
        if now == 0 or now - said >= series.every_s:
            said = now
            mean = series.load_w if 10 <= now < 30 else series.idle_w
            watts = mean + series.drift_w * (now / 40) + series.noise_w * float(generator.normal())
        yield 100 + now, watts
        now += float(generator.uniform(0.15, 0.25))


def _battery(series: Series, generator: np.random.Generator) -> bytes:
    readings = []
    for second, watts in _watts(series, generator):
        volts = 4.1 - 0.0005 * (second - 100)
        current = round(series.sign * watts / volts / series.unit)
        readings.append((second, current, round(volts * series.volt)))
    head = b"\1" + struct.pack(">i", len(readings)) + b"".join(struct.pack(">dqq", *reading) for reading in readings)
    meter = _meter()
    files = (
        (second, {f"{_FOLDER}/current_now": str(current), f"{_FOLDER}/voltage_now": str(volts)})
        for second, current, volts in readings
    )
    try:
        account = meter.account([Frame(second, content) for second, content in files])
    except MeterError:
        return head + b"\0"
    return head + b"\1" + _account(account)


def _meter() -> Meter:
    """That of a battery, as Linux shows it."""
    with tempfile.TemporaryDirectory() as root:
        folder = FilePath(root) / _FOLDER.lstrip("/")
        folder.mkdir(parents=True)
        for name, text in (("type", "Battery"), ("status", "Discharging"), ("current_now", "0"), ("voltage_now", "0")):
            (folder / name).write_text(text)
        return find_battery(FileTree(root)).meters[0]


def _rails(series: Series, generator: np.random.Generator) -> bytes:
    joules, before, readings = 0.0, 100.0, []
    for second, watts in _watts(series, generator):
        joules += (second - before) * abs(watts)
        before = second
        readings.append((round(1000 * second), round(1e6 * joules)))
    head = b"\0" + struct.pack(">i", len(readings)) + b"".join(struct.pack(">qq", *reading) for reading in readings)
    account = counted([(ms / 1000, microjoules / 1e6) for ms, microjoules in readings], 1e-6, "rails")
    return head + b"\1" + _account(account)


def _account(account: Account) -> bytes:
    """And loops: a whole one, one held back, one too short, one that took no time, one of a few readings."""
    rests = Rest(100, 110), Rest(130, 140)
    loops = (
        (Loop(500, 110, 130), *rests),
        (Loop(37, 112.5, 125), Rest(101, 107), Rest(133, 139)),
        (Loop(500, 110, 130, "thermal status severe"), *rests),
        (Loop(5, 110, 111.5), *rests),
        (Loop(5, 110, 110.4), *rests),
        (Loop(0, 110, 130), *rests),
        (Loop(9, 130, 110), *rests),
        (Loop(500, 110, 130), Rest(100, 100.5), rests[1]),
    )
    facts = (account.joules[-1], account.interval_s, account.step_w, account.step_j, account.resolution_mj)
    return struct.pack(">5di", *facts, len(loops)) + b"".join(_loop(account, *loop) for loop in loops)


def _loop(account: Account, loop: Loop, before: Rest, after: Rest) -> bytes:
    found = path_energy(Cell("sliced", 1, 0), account, loop, before, after)
    run_w = found.run_mj / 1000 / found.seconds if found.seconds else 0.0
    times = (loop.begin_s, loop.end_s, before.begin_s, before.end_s, after.begin_s, after.end_s)
    energies = (found.energy_mj, found.low, found.high, run_w, found.idle_before_w, found.idle_after_w)
    return struct.pack(">i6d?6di", loop.runs, *times, bool(loop.throttled), *energies, _VERDICTS.index(found.verdict))
