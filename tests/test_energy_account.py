"""Readings of counters and of power sensors as joules over time, checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dsnet_edge.energy.account import counted, integrated, power
from dsnet_edge.energy.errors import MeterError


def test_a_power_sensor_is_integrated_by_trapezoids():
    account = integrated([(0.0, 2.0), (1.0, 4.0), (3.0, 4.0), (4.0, 0.0)], "meter")
    assert account.joules == (0.0, 3.0, 11.0, 13.0)
    assert account.changed_s == (1.0, 4.0) and account.interval_s == 3.0
    assert account.step_w == 2.0 and account.resolution_mj == 6000.0


def test_a_counter_is_known_when_it_changes():
    account = counted([(0.0, 7.0), (1.0, 7.0), (2.0, 9.0), (3.0, 9.0), (4.0, 12.0)], 1e-6, "meter")
    assert account.at_s == account.changed_s == (2.0, 4.0)
    assert account.joules == (0.0, 3.0)
    assert account.resolution_mj == pytest.approx(1e-3)


def test_the_power_of_a_steady_load_is_exact_whatever_the_first_reading_stands_for():
    loop = [(second / 10, 5.0 if 100 <= second <= 200 else 3.0) for second in range(300)]
    loop[100] = (10.0, 3.9)  # half of it was before
    measured = power(integrated(loop, "meter"), 10.0, 20.0)
    assert measured is not None and measured.watts == pytest.approx(5.0)


def test_the_interval_of_a_mean_is_that_of_its_windows():
    """Windows of 1 s with means 1, 3, 1, 3 ... W: mean 2, standard deviation sqrt(8/7), times 2.365 / sqrt(8)."""
    points = [(0.0, 0.0)]
    for window in range(8):
        for tenth in range(1, 11):
            points.append((window + tenth / 10, points[-1][1] + (1.0 if window % 2 == 0 else 3.0) / 10))
    measured = power(counted([(-0.1, -0.1), *points], 1e-6, "meter"), -0.15, 8.0)
    assert measured is not None
    assert measured.watts == pytest.approx(2.0)
    assert measured.half_w == pytest.approx((8 / 7) ** 0.5 * 2.365 / 8**0.5)


def test_a_few_readings_are_no_power():
    account = integrated([(float(second), 1.0 + second % 2) for second in range(20)], "meter")
    assert power(account, 5.0, 10.5) is None
    assert power(account, 5.0, 11.5) is not None
    assert power(account, 100.0, 110.0) is None


@pytest.mark.parametrize("read", [lambda rows: integrated(rows, "meter"), lambda rows: counted(rows, 1.0, "meter")])
def test_no_reading_and_a_clock_that_goes_back_are_errors(read):
    with pytest.raises(MeterError, match=r"^meter: not one reading; is it still connected"):
        read([])
    with pytest.raises(MeterError, match=r"^meter: its clock went back from 5.00 to 1.00 s; measure again$"):
        read([(4.0, 1.0), (5.0, 2.0), (1.0, 3.0)])


def test_a_counter_that_goes_back_was_reset():
    with pytest.raises(MeterError, match=r"^meter: its counter went back by 1.500 J at 3.00 s; measure again$"):
        counted([(1.0, 1.0), (2.0, 2.0), (3.0, 0.5)], 1e-6, "meter")


def test_two_readings_of_one_moment_are_one():
    assert integrated([(1.0, 2.0), (1.0, 9.0), (2.0, 2.0)], "meter").joules == (0.0, 2.0)


def test_nineteen_of_twenty_intervals_hold_the_mean():
    """Of 400 loops of 100 readings with independent noise of 0.2 W; 95 % of 400 is 380, with a standard deviation of 4.4."""
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        watts = 5.0 + 0.2 * generator.standard_normal(102)
        measured = power(integrated([(index / 10, float(value)) for index, value in enumerate(watts)], "meter"), 0.0, 10.0)
        assert measured is not None
        held += abs(measured.watts - 5.0) <= measured.half_w
    assert 365 <= held <= 395
