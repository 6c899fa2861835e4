"""The governor of heat: every rule by hand, then a device that heats up and holds back, with and without it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from tiny import tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.values import Conditions
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.policy import Budget, Policy, choose, initial
from dsnet_edge.runtime.thermal import CooledRunner, Governor, Heat, govern
from profiles import profile, series

GOVERNOR = Governor(hot_c=75, cool_c=70, wait_s=10, cut=0.6, step=0.1)


def at(seconds: float, celsius: float | None = 60.0, throttled: tuple[str, ...] = (), events: int = 0) -> Conditions:
    sensors = {} if celsius is None else {"board": 40.0, "cpu": celsius}
    return Conditions(seconds, 0.5, sensors, (1500,) * 4, ("ondemand",), throttled, events)


def shares(*readings: Conditions, first: float = 1.0) -> list[float]:
    heat, found = Heat(first), []
    for reading in readings:
        heat = govern(GOVERNOR, heat, reading)
        found.append(round(heat.share, 6))
    return found


def test_heat_cuts_the_share_once_in_a_wait() -> None:
    assert shares(at(0, 75), at(5, 78), at(9.9, 78), at(10, 78), at(20, 74)) == [0.6, 0.6, 0.6, 0.36, 0.36]


def test_between_cool_and_hot_nothing_changes() -> None:
    assert shares(at(0, 74.9), at(20, 70), first=0.6) == [0.6, 0.6]


def test_a_cool_device_gets_its_budget_back_step_by_step() -> None:
    assert shares(at(0, 69), at(10, 69), at(20, 69), at(30, 69), at(40, 69), first=0.65) == [0.75, 0.85, 0.95, 1.0, 1.0]


def test_a_device_that_is_held_back_is_hot_whatever_its_sensors_say() -> None:
    assert shares(at(0, 50, ("under-voltage",)), at(10, None, ("throttled",))) == [0.6, 0.36]


def test_only_new_counts_of_throttling_count() -> None:
    assert shares(at(0, 72, events=7), at(10, 72, events=7), at(20, 72, events=8), at(40, 72, events=8)) == [1.0, 1.0, 0.6, 0.6]


def test_what_is_counted_during_a_wait_is_not_forgotten() -> None:
    assert shares(at(0, 76), at(5, 72, events=1), at(10, 72, events=1), at(20, 72, events=1)) == [0.6, 0.6, 0.36, 0.36]


def test_little_is_rounded_to_nothing() -> None:
    assert shares(at(0, 80), first=0.08) == [0.0]


def test_a_clock_that_starts_anew_does_not_stop_the_governor() -> None:
    assert shares(at(5000, 80), at(3, 80)) == [0.6, 0.36]


@dataclass(frozen=True)
class Board:
    """Heats with its power with a time constant of 60 s; above 80 °C its clock is halved until it is below 78."""

    ambient: float
    celsius: float
    slow: bool = False

    def after(self, busy: float, seconds: float) -> Board:
        power = 1.0 + 5.0 * busy * (0.4 if self.slow else 1.0)  # W; a lower clock takes less than in proportion
        settled = self.ambient + 10.0 * power
        celsius = settled + (self.celsius - settled) * np.exp(-seconds / 60)
        return replace(self, celsius=celsius, slow=celsius > 80 or (self.slow and celsius > 78))


COSTS = np.array([80.0, 140.0, 200.0])  # ms of the paths; an image comes every 250 ms


def drive(board: Board, minutes: float, governed: bool, heat: Heat) -> tuple[Board, Heat, np.ndarray]:
    """`[n, 4]`: temperature, slow or not, share of the budget, milliseconds of the path; of every image."""
    generator, rows = np.random.default_rng(0), []
    budget = Budget("ms", 170.0, COSTS)
    policy = Policy(np.array([0.4, 0.7, 1.0]), budget=budget)
    state = initial(policy)
    for index in range(int(minutes * 60 * 4)):
        now = index / 4
        if governed and index % 4 == 0:
            heat = govern(GOVERNOR, heat, at(now, board.celsius, ("throttled",) if board.slow else ()))
            policy = replace(policy, budget=budget.lowered(heat.share))
        path, _, state = choose(policy, state, generator.normal(size=3))
        busy = min(1.0, COSTS[path] * (2 if board.slow else 1) / 250)
        board = board.after(busy, 0.25)
        rows.append((board.celsius, board.slow, heat.share, COSTS[path]))
    return board, replace(heat, changed_s=-np.inf), np.array(rows)


def test_a_board_that_would_throttle_does_not_with_the_governor_and_recovers_when_it_is_cool() -> None:
    hot = Board(ambient=40.0, celsius=60.0)
    _, _, alone = drive(hot, 20, False, Heat())
    assert alone[:, 1].mean() > 0.2, "without the governor this board must throttle, or this test shows nothing"
    board, heat, governed = drive(hot, 20, True, Heat())
    assert governed[:, 1].sum() == 0 and governed[:, 0].max() < 78
    settled = governed[len(governed) // 2 :]
    assert COSTS[0] + 5 < settled[:, 3].mean() < 165, "less than the budget, and not all given up"
    assert np.ptp(settled[:, 2]) <= 0.31 and (np.diff(settled[:, 2]) != 0).sum() <= 12, "the share must settle, not swing"
    _, heat, cool = drive(replace(board, ambient=20.0), 10, True, heat)
    assert heat.share == 1.0 and cool[-400:, 3].mean() == pytest.approx(170, abs=3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thermal") / "bundle"
    write_bundle(tiny_plan(), folder, ["sliced"], {"random_seed": 0})
    return folder


def test_a_cooled_runner_lowers_its_runners_budget_and_reads_no_oftener_than_told(bundle) -> None:
    measured = profile(bundle=Runner(bundle).bundle.info, series=(series(ms=(1.0, 1.5, 2.0)),))
    seconds, readings = [0.0], []

    def read() -> Conditions:
        readings.append(seconds[0])
        return at(seconds[0], 80)

    runner = Runner(bundle, budget_ms=1.5, profile=measured)
    cooled = CooledRunner(runner, read, GOVERNOR, every_s=2.0, clock=lambda: seconds[0])
    photo, amounts = np.zeros((20, 20, 3), np.uint8), []
    for now in (0.0, 1.0, 2.0, 11.0, 12.0):
        seconds[0] = now
        cooled(photo)
        amounts.append(round(runner.policy.budget.amount, 6))
    assert readings == [0.0, 2.0, 11.0] and amounts == [1.3, 1.3, 1.3, 1.18, 1.18]  # 1 + 0.6 x 0.5, then 1 + 0.36 x 0.5


def test_a_runner_without_a_budget_cannot_be_cooled(bundle) -> None:
    with pytest.raises(DsnetError, match="give a budget and a profile"):
        CooledRunner(Runner(bundle, bias=1.0), lambda: at(0))
