"""A meter in the supply: real files, pipes and terminals with lines of text."""

from __future__ import annotations

import os
import re
import termios
import time
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from dsnet_edge.devices.device import Frame, Watch
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.energy.account import Account
from dsnet_edge.energy.errors import MeterError, NoMeterError
from dsnet_edge.energy.find import find_meter
from dsnet_edge.energy.lines import TEXT
from dsnet_edge.energy.meter import Meter

HERE = FileTree()


def stream(choice: str) -> Meter:
    meter = find_meter(HERE, choice)
    assert meter is not None and meter.scope == "supply"
    return meter


def until(watch: Watch, text: str) -> None:
    """Waits for a line to arrive; how long that takes does not matter."""
    for _ in range(1000):
        if any(text in frame.files[TEXT] for frame in watch.frames()):
            return
        time.sleep(0.01)
    raise AssertionError(f"{text!r} never arrived")


def watched(choice: str, say: Callable[[str], object], *parts: str) -> Account:
    """What the meter accounts for when these parts are said one after another; each ends with a whole line."""
    meter = stream(choice)
    with meter.watch(HERE) as watch:
        for part in parts:
            say(part)
            until(watch, part.splitlines()[-1])
    return meter.account(watch.frames())


def appending(file: FilePath) -> Callable[[str], object]:
    def say(text: str) -> None:
        with file.open("a") as out:
            out.write(text)

    return say


def test_a_growing_file_is_read_from_where_it_is_by_its_own_seconds(tmp_path):
    """Trapezoids: (2 + 4) / 2 + 4 * 2 = 11 J; the rows from before do not count."""
    file = tmp_path / "meter.csv"
    file.write_text("seconds,watts\n1.0,900\n2.0,900\n")
    account = watched(f"csv:{file}", appending(file), "7,2\n8,4\n", "10,4\n")
    assert account.joules == pytest.approx((0.0, 3.0, 11.0))
    uptime = HERE.read([]).uptime_s
    assert uptime - 60 < account.at_s[-1] <= uptime + 0.02  # on the device's clock


def test_volts_times_amperes_with_other_separators_and_spaces(tmp_path):
    file = tmp_path / "meter.csv"
    file.write_text("Seconds; Volts; Amps\n")
    assert watched(f"csv:{file}", appending(file), "0; 5.0; 0.5\n", "2; 5.0; 0.5\n").joules == pytest.approx((0.0, 5.0))


def test_a_line_that_is_torn_counts_when_it_is_whole(tmp_path):
    file = tmp_path / "meter.csv"
    file.write_text("seconds,watts\n1.0,77")  # it began before us
    meter, say = stream(f"csv:{file}"), appending(file)
    with meter.watch(HERE) as watch:
        say("7.0\n5,1\n6,")
        until(watch, "5,1")
        say("3\n")
        until(watch, "6,3")
        say("7,999")  # and this one never ends
    assert meter.account(watch.frames()).joules == pytest.approx((0.0, 2.0))


def test_a_pipe_may_begin_with_its_header(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    meter = stream(f"csv:{pipe}")
    with meter.watch(HERE) as watch, pipe.open("w") as out:
        out.write("seconds,watts\n1,3\n3,3\n")
        out.flush()
        until(watch, "3,3")
    assert meter.account(watch.frames()).joules == pytest.approx((0.0, 6.0))


def test_a_serial_line_needs_no_settings_and_gets_its_own_back():
    """A pseudo-terminal, which echoes and edits lines until it is told not to."""
    meter_end, our_end = os.openpty()
    try:
        name, before = os.ttyname(our_end), termios.tcgetattr(our_end)
        parts = ("9,9\n1,5,0.2\n", "2,5,0.2\n4,5,0.4\n")
        account = watched(f"csv:{name}:seconds,volts,amps", lambda text: os.write(meter_end, text.encode()), *parts)
        assert account.joules == pytest.approx((0.0, 1.0, 4.0))
        assert termios.tcgetattr(our_end) == before
        os.set_blocking(meter_end, False)
        with pytest.raises(BlockingIOError):  # no echo came back to the meter
            os.read(meter_end, 100)
    finally:
        os.close(our_end)
        os.close(meter_end)


def test_a_serial_line_that_is_pulled_out_is_an_error():
    meter_end, our_end = os.openpty()
    name = os.ttyname(our_end)
    meter = stream(f"csv:{name}:watts")
    with pytest.raises(MeterError, match=rf"^{name}: the meter is gone \(.*\); measure again$"), meter.watch(HERE) as watch:
        os.close(our_end)
        os.close(meter_end)
        until(watch, "what never comes")


def said(choice_columns: str, *texts: str, tmp_path: FilePath) -> Account:
    """A frame a second."""
    (tmp_path / "meter.csv").touch()
    meter = stream(f"csv:{tmp_path / 'meter.csv'}{choice_columns}")
    return meter.account([Frame(float(second), {TEXT: text}) for second, text in enumerate(texts)])


def test_without_seconds_a_line_counts_when_it_arrives(tmp_path):
    assert said(":watts", "torn\n", "2\n", "4\n", tmp_path=tmp_path).joules == (0.0, 3.0)
    assert said("", "watts\n", "2\n", "4\n", tmp_path=tmp_path).joules == (0.0, 3.0)


def test_a_burst_of_late_lines_does_not_move_the_meters_clock(tmp_path):
    account = said("", "seconds,watts\n10,1\n", "11,1\n", "", "12,1\n13,1\n", tmp_path=tmp_path)
    assert account.at_s == pytest.approx((0.0, 1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("columns", "texts", "problem"),
    [
        ("", ["1,2\n", "3,4\n"], "no header names its columns; name them at the end of --energy, as :seconds,watts or"),
        ("", ["seconds,watts\n", "\n"], "not one line; is the meter on"),
        (":watts", ["a\n" * 20, "3\n"], "19 lines are not watts, such as 'a'; correct"),
        ("", ["seconds,watts\n", "5,1\n4,1\n"], "its clock went back from 1.00 to 0.00 s"),
    ],
)
def test_what_is_no_meter_is_an_error_of_one_line(columns, texts, problem, tmp_path):
    with pytest.raises(MeterError, match=re.escape(problem)):
        said(columns, *texts, tmp_path=tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for place, choice in (("/dev/ttyNONE", "csv:/dev/ttyNONE:volts,amps"), (tmp_path, f"csv:{tmp_path}")):
        with pytest.raises(NoMeterError) as caught:
            find_meter(HERE, choice)
        assert str(caught.value) == f"{place}: no such device, pipe or file; name the meter's with --energy csv:FILE"
