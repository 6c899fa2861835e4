"""What the thermal guard makes of conditions before, during and after a block."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsnet_edge.profile.values import Conditions, Core
from dsnet_edge.profiling.guard import throttled, warnings, why_wait
from profiles import DEVICE, conditions

PHONE = replace(
    DEVICE, kind="adb", cores=tuple(Core(number, 1800 if number < 4 else 2800, 0, "", number >= 4) for number in range(8))
)


def at(*mhz: int, **changes: object) -> Conditions:
    return replace(conditions(), mhz=mhz, **changes)


def block(*during: Conditions) -> list[Conditions]:
    return [at(600, 600, 600, 600), *during, at(600, 600, 600, 600)]


FULL, LOW = at(2400, 2400, 2400, 2400), at(1500, 1500, 1500, 1500)


def test_full_clocks_are_no_throttling_whatever_the_clock_does_before_and_after():
    assert throttled(block(FULL, FULL, FULL), DEVICE) == ""
    assert throttled([], DEVICE) == "" and throttled(block(), DEVICE) == ""


def test_what_the_device_says_holds_it_back_is_the_reason():
    held = replace(FULL, throttled=("under-voltage", "throttled"))
    assert throttled(block(FULL, held), DEVICE) == "held back by under-voltage, throttled"


def test_events_counted_between_before_and_after_happened_in_the_block():
    events = [replace(FULL, throttle_events=count) for count in (2, 2, 3)]
    assert throttled(events, DEVICE) == "the system counted throttling during the block"
    assert throttled(events[:2], DEVICE) == ""


def test_a_clock_that_falls_for_long_is_throttling_and_one_reading_of_many_is_not():
    assert throttled(block(FULL, FULL, LOW, LOW), DEVICE) == "the clock fell to 1500 of 2400 MHz under load"
    assert throttled(block(*[FULL] * 9, LOW), DEVICE) == ""


def test_work_on_one_thread_is_where_the_clock_is_highest():
    one_busy = at(600, 2400, 600, 600)
    assert throttled(block(one_busy, one_busy), DEVICE) == ""
    assert throttled(block(one_busy, one_busy), DEVICE, cores=[1]) == ""
    assert throttled(block(one_busy, one_busy), DEVICE, cores=[0]) == "the clock fell to 600 of 2400 MHz under load"


def test_little_cores_at_their_maximum_do_not_hide_big_ones_that_fell():
    fell = at(*[1800] * 4, *[1600] * 4)
    assert throttled([fell] * 3, PHONE) == "the clock fell to 1600 of 2800 MHz under load"


def test_a_clock_that_its_owner_fixed_is_a_choice_and_x86_has_counters():
    fixed = replace(LOW, governors=("powersave",))
    assert throttled(block(fixed, fixed), DEVICE) == ""
    assert throttled(block(LOW, LOW), replace(DEVICE, architecture="x86_64")) == ""


def test_a_silent_clock_is_no_reason():
    assert throttled(block(at(0, 0, 0, 0), at()), DEVICE) == ""
    assert throttled(block(LOW), replace(DEVICE, cores=(Core(0), Core(1)))) == ""


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (conditions(celsius=51.2), ""),
        (conditions(celsius=64.0), "cpu-thermal at 64.0 °C, 60 °C wanted"),
        (replace(conditions(), celsius={}), ""),
        (replace(conditions(), load=3.0), "background load 3.00, 0.50 wanted"),
        (replace(conditions(), throttled=("throttled",)), "held back by throttled"),
    ],
)
def test_a_block_waits_for_a_cool_quiet_device(now, reason):
    assert why_wait(now, 60.0, 0.5) == reason


def test_blocks_of_ours_may_have_raised_the_load():
    assert why_wait(replace(conditions(), load=3.0), 60.0) == ""


def test_a_device_in_order_has_no_warning():
    assert warnings(conditions(), conditions(), DEVICE) == ()


def test_every_warning_says_what_to_do_or_what_it_means():
    before = replace(conditions(), governors=("ondemand",), load=1.5, throttled=("battery saver",))
    after = replace(conditions(), celsius={}, mhz=(0, 0))
    found = warnings(before, after, DEVICE)
    assert found == (
        "the clock follows the governor ondemand; hold it: sudo cpupower frequency-set -g performance",
        "other programs were running: load 1.50 before the measurement; stop them and profile again",
        "no temperature can be read, so heat would show in the clock alone",
        "no core says its clock, so a clock that fell would not be seen",
        "the battery saver holds the processor back; turn it off and profile again",
    )
    assert "a phone needs root" in warnings(before, after, PHONE)[0]
    assert warnings(conditions(), conditions(celsius=84.2), DEVICE) == (
        "84 °C at the end: close to where clocks are held back; add a heat sink or fan",
    )
