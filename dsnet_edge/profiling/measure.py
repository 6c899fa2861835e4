"""The protocol: blocks of every series in turn, in random order, until each is known well enough, with an eye on the device.

A slow change of the device then falls on all series alike. A block that was held back is repeated; where that does not help, the
series says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dsnet_edge.devices.device import Tree
from dsnet_edge.profile.values import Block, Conditions, DeviceInfo, Series, Settings
from dsnet_edge.profiling.block import Job
from dsnet_edge.profiling.conditions import CONDITION_FILES, conditions_of, read_conditions
from dsnet_edge.profiling.guard import throttled, why_wait
from dsnet_edge.profiling.raw import RawBlock
from dsnet_edge.profiling.series import is_steady, make_block, make_series
from dsnet_edge.profiling.worker import Worker

_WATCH_S = 1.0  # between readings during a block: each takes a few milliseconds of one core
_PATIENCE_S, _LOOK_S = 180.0, 5.0  # for a hot device to cool
_COOL_CELSIUS = 70.0  # a Pi or a phone begins to hold back at 80, often earlier
_MOST_ROUNDS = 100  # of a block: enough for its median, and for a 99th percentile of all blocks
_EXTRA = 2  # times as many blocks as wanted are tried in all


@dataclass(frozen=True)
class Lane:
    """A series to measure."""

    backend: str
    threads: int
    cores: tuple[int, ...]
    worker: Worker

    @property
    def key(self) -> tuple[str, int]:
        return self.backend, self.threads


@dataclass(frozen=True)
class Step:
    """After a block: every series so far, how much of the work is done, and what to tell the user."""

    series: tuple[Series, ...]
    fraction: float
    told: str = ""


@dataclass
class _Course:
    """How far a lane has come."""

    lane: Lane
    blocks: list[Block] = field(default_factory=list)
    series: Series | None = None
    last: RawBlock | None = None

    def needs_more(self, settings: Settings) -> bool:
        kept = sum(block.kept for block in self.blocks)
        if len(self.blocks) >= _EXTRA * settings.blocks:
            return False
        return kept < settings.blocks or not is_steady(self.blocks, settings.noise)

    def fraction(self, settings: Settings) -> float:
        return min(1.0, sum(block.kept for block in self.blocks) / settings.blocks)


def measure_series(
    lanes: Sequence[Lane],
    paths: Sequence[int],
    settings: Settings,
    device: DeviceInfo,
    tree: Tree,
    earlier: Mapping[tuple[str, int], Series] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Step]:
    """A step after every block; the last has all. `earlier` series of the same paths are gone on with."""
    courses = [_Course(lane, *_begun((earlier or {}).get(lane.key))) for lane in lanes]
    generator = np.random.default_rng(settings.seed)
    while open_courses := [course for course in courses if course.needs_more(settings)]:
        for index in generator.permutation(len(open_courses)):
            course = open_courses[index]
            before = _cooled(tree, wait)
            job = _job(course, paths, settings)
            block, course.last = _run(course, job, before, device, tree)
            course.blocks.append(block)
            course.series = make_series(course.lane.key, course.lane.cores, course.last, course.blocks, settings)
            known = tuple(course.series for course in courses if course.series)
            fraction = sum(course.fraction(settings) for course in courses) / len(courses)
            yield Step(known, fraction, f"{course.lane.backend}: block left out, {block.reason}" if block.reason else "")


def _begun(earlier: Series | None) -> tuple[list[Block], Series | None]:
    return (list(earlier.blocks), earlier) if earlier else ([], None)


def _job(course: _Course, paths: Sequence[int], settings: Settings) -> Job:
    """The first block of this command checks what the backend computes; every block draws an order of its own."""
    lane, number = course.lane, len(course.blocks)
    seed = settings.seed * 1000 + number
    check = course.last is None
    return Job(lane.backend, lane.threads, lane.cores, tuple(paths), settings.block_s, _MOST_ROUNDS, seed, check, True)


def _run(course: _Course, job: Job, before: Conditions, device: DeviceInfo, tree: Tree) -> tuple[Block, RawBlock]:
    with tree.watch(CONDITION_FILES, (), _WATCH_S) as watch:
        raw = course.lane.worker.run(job)
    during = [conditions_of(frame) for frame in watch.frames()]
    timed = [state for state in during if raw.begin_uptime_s <= state.uptime_s <= raw.end_uptime_s]
    conditions = [before, *(_without_events(state, before) for state in timed), read_conditions(tree)]
    reason = throttled(conditions, device, job.cores)
    return make_block(len(course.blocks), raw, conditions, reason), raw


def _without_events(state: Conditions, before: Conditions) -> Conditions:
    """Readings during a block leave out the commands, so their count of events is not the whole."""
    return replace(state, throttle_events=max(state.throttle_events, before.throttle_events))


def _cooled(tree: Tree, wait: Callable[[float], None]) -> Conditions:
    """The conditions once the device is cool, or after some minutes whatever they are."""
    waited = 0.0
    while True:
        conditions = read_conditions(tree)
        if not why_wait(conditions, _COOL_CELSIUS) or waited >= _PATIENCE_S:
            return conditions
        wait(_LOOK_S)
        waited += _LOOK_S
