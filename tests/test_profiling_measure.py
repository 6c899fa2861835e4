"""The protocol on a played device: what it runs, when it waits, what it repeats, and when it stops."""

from __future__ import annotations

import dataclasses
from pathlib import Path as FilePath

import pytest
from test_profiling_blocks import PATHS, raw

from dsnet_edge.devices.device import LostError
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.profile.values import Settings
from dsnet_edge.profiling.measure import Lane, measure_series
from profiles import DEVICE

SETTINGS = Settings(seed=3, blocks=4, block_s=1.0, noise=0.03)


@dataclasses.dataclass
class Played:
    """A worker whose blocks take what `ms` says, and a recorded device that it can change."""

    root: FilePath
    ms: dict[str, list[float]]
    jobs: list = dataclasses.field(default_factory=list)
    during: object = lambda number: None

    def run(self, job):
        self.jobs.append(job)
        self.during(len(self.jobs))
        times = self.ms[job.backend]
        total = times[min(sum(known.backend == job.backend for known in self.jobs), len(times)) - 1]
        return raw(ms=(total, 2 * total))

    def say(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def played(tmp_path):
    made = Played(tmp_path, {"sliced": [1.0], "litert": [1.5]})
    made.say("proc/uptime", "100.5 1.0")
    made.say("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    made.say("sys/class/thermal/thermal_zone0/temp", "50000")
    made.say("commands/vcgencmd get_throttled", "throttled=0x0")
    return made


def lanes(played, *backends):
    return [Lane(backend, 1, (), played) for backend in backends or ("sliced",)]


def measured(played, *backends, settings=SETTINGS, earlier=None, waits=None):
    tree = FileTree(played.root)
    wait = (lambda seconds: None) if waits is None else waits
    return list(measure_series(lanes(played, *backends), PATHS, settings, DEVICE, tree, earlier, wait))


def test_series_take_turns_in_random_order_and_only_the_first_block_of_each_checks_the_results(played):
    steps = measured(played, "sliced", "litert")
    assert len(steps) == 8 and steps[-1].fraction == 1.0
    rounds = [[job.backend for job in played.jobs[i : i + 2]] for i in range(0, 8, 2)]
    assert all(sorted(pair) == ["litert", "sliced"] for pair in rounds) and len({tuple(pair) for pair in rounds}) == 2
    assert [job.check for job in played.jobs if job.backend == "litert"] == [True, False, False, False]
    assert len({job.seed for job in played.jobs if job.backend == "litert"}) == 4
    assert [series.verdict for series in steps[-1].series] == ["steady", "steady"]


def test_a_noisy_series_gets_twice_the_blocks_and_is_still_not_called_a_result(played):
    played.ms["sliced"] = [1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0, 3.0]
    steps = measured(played)
    assert len(played.jobs) == 8 and steps[-1].series[0].verdict == "noisy"


def test_a_series_that_settles_is_a_result_after_more_blocks(played):
    played.ms["sliced"] = [1.06, 1.0, 1.0, 1.0]
    steps = measured(played, settings=dataclasses.replace(SETTINGS, noise=0.025))
    assert 4 < len(played.jobs) <= 8 and steps[-1].series[0].verdict == "steady"


def test_a_block_in_which_the_firmware_held_the_clock_back_is_repeated(played):
    """Bit 17 says that it has happened since boot, which was not so before the second block."""
    played.during = lambda number: played.say("commands/vcgencmd get_throttled", "throttled=0x20000") if number == 2 else None
    steps = measured(played)
    (series,) = steps[-1].series
    assert [block.kept for block in series.blocks] == [True, False, True, True, True] and series.verdict == "steady"
    assert "left out" in steps[1].told and "throttling" in series.warnings[0]


def test_a_device_that_is_always_held_back_is_throttled_and_not_measured_for_ever(played):
    played.say("commands/vcgencmd get_throttled", "throttled=0x4")
    steps = measured(played)
    assert len(played.jobs) == 8 and steps[-1].series[0].verdict == "throttled"


def test_a_hot_device_is_let_cool_first(played):
    played.say("sys/class/thermal/thermal_zone0/temp", "78000")
    waited = []

    def cool(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            played.say("sys/class/thermal/thermal_zone0/temp", "60000")

    steps = measured(played, waits=cool)
    assert len(waited) == 3 and steps[-1].series[0].blocks[0].conditions[0].celsius == {"cpu-thermal": 60.0}


def test_a_device_that_stays_hot_is_measured_all_the_same_after_some_minutes(played):
    played.say("sys/class/thermal/thermal_zone0/temp", "78000")
    waited = []
    measured(played, waits=waited.append)
    assert len(played.jobs) == 4 and sum(waited) == 4 * 180


def test_what_was_measured_before_a_connection_was_lost_is_gone_on_with(played):
    def lose(number):
        if number == 3:
            raise LostError("gone")

    played.during = lose
    known = []
    with pytest.raises(LostError):
        for step in measure_series(lanes(played), PATHS, SETTINGS, DEVICE, FileTree(played.root)):
            known.append(step)
    (series,) = known[-1].series
    assert len(series.blocks) == 2 and series.verdict == "incomplete"
    played.during = lambda number: None
    steps = measured(played, earlier={("sliced", 1): series})
    assert [len(step.series[0].blocks) for step in steps] == [3, 4] and steps[-1].series[0].verdict == "steady"
    assert steps[-1].series[0].blocks[:2] == series.blocks


def test_a_series_that_is_done_is_not_measured_again(played):
    (series,) = measured(played)[-1].series
    played.jobs.clear()
    assert measured(played, earlier={("sliced", 1): series}) == [] and played.jobs == []
