"""The thread that takes pictures: nothing queues up, nothing old is shown, a lost camera is found again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from watching import network_camera, until

from dsnet_edge.camera import capture as module
from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.recent import PathCounts, Rate
from dsnet_edge.camera.source import CameraError, Feed, Size
from dsnet_edge.camera.sources.choose import choose_feed


class Script:
    """A source that does what a test wrote down: a number is a picture of that grey, an exception is raised, a call is made."""

    def __init__(self, *steps: int | Exception | Callable[[], object]) -> None:
        self._steps: Iterator[int | Exception | Callable[[], object]] = iter(steps)
        self.closed = 0

    def read(self) -> np.ndarray | None:
        for step in self._steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, int):
                return np.full((4, 4, 3), step, np.uint8)
            step()
        return None

    def close(self) -> None:
        self.closed += 1


def feed(*sources: Script | CameraError, lasting: bool = False) -> Feed:
    """Each opening takes the next; the last ones again and again."""
    left = list(sources)

    def open_next() -> Script:
        source = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(source, CameraError):
            raise source
        return source

    return Feed("script", open_next, lasting)


def all_of(capture: Capture) -> list[tuple[int, int]]:
    """(number, grey) of every frame that is taken until the end."""
    found = []
    while not capture.ended:
        if frame := capture.take(5.0):
            found.append((frame.number, int(frame.pixels[0, 0, 0])))
    return found


def test_who_is_slow_gets_the_newest_and_nothing_queues_up():
    given, go_on = threading.Event(), threading.Event()
    source = Script(*range(100), given.set, go_on.wait, 100)
    with Capture(feed(source)) as capture:
        given.wait(10)
        newest = capture.take(1)
        assert newest is not None and (newest.number, newest.pixels[0, 0, 0]) == (99, 99)
        assert capture.take(0.01) is None and not capture.ended
        go_on.set()
        assert all_of(capture) == [(100, 100)] and capture.given == 101
    assert source.closed == 1


def test_every_picture_where_that_is_wanted():
    with Capture(feed(Script(*range(200))), every=True) as capture:
        assert all_of(capture) == [(number, number) for number in range(200)]


def test_the_last_frame_of_a_source_that_ended_can_still_be_taken():
    with Capture(feed(Script(1, 2))) as capture:
        until(lambda: capture.given == 2 and not capture._thread.is_alive())
        assert not capture.ended and all_of(capture) == [(1, 2)] and capture.ended


def test_a_video_begins_anew_and_its_numbers_go_on():
    with Capture(feed(Script(1, 2), Script(1, 2), Script()), every=True, loop=True) as capture:
        assert all_of(capture) == [(0, 1), (1, 2), (2, 1), (3, 2)], "an empty one ends it, or it would begin anew for ever"


def test_what_cannot_be_opened_at_first_is_an_error():
    with pytest.raises(CameraError, match="unplugged"), Capture(feed(CameraError("unplugged"), lasting=True)):
        pass


def test_a_video_that_fails_ends_with_its_error():
    source = Script(1, CameraError("cannot be decoded"))
    with Capture(feed(source), every=True) as capture:
        assert capture.take(5) is not None
        with pytest.raises(CameraError, match="cannot be decoded"):
            capture.take(5)
        assert capture.ended and source.closed == 1


def test_a_lost_camera_is_tried_again_ever_more_seldom_until_it_is_back(monkeypatch):
    """Opened but without a picture counts as lost; after a picture the waits begin anew."""
    waits: list[float] = []
    lost, begin, back = CameraError("lost"), threading.Event(), threading.Event()
    dumb = Script(*[CameraError("dumb")] * 9)
    first, again, last = Script(1, begin.wait, lost), Script(2, lost), Script(3, back.set)
    there = feed(first, *[lost] * 3, dumb, dumb, *[lost] * 2, again, lost, last, lasting=True)
    with Capture(there) as capture:
        monkeypatch.setattr(capture._stopping, "wait", waits.append)
        begin.set()
        back.wait(10)
    assert waits == [0.5, 1, 2, 4, 8, 10, 10, 10, 0.5, 1] and capture.given == 3


def test_what_is_wrong_is_told_and_forgotten_when_it_is_over(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_WAIT_S", 0.05)
    told, go_on = threading.Event(), threading.Event()
    there = feed(Script(1, CameraError("the cable")), CameraError("no device"), Script(2, told.set, go_on.wait), lasting=True)
    messages = set()
    with Capture(there) as capture:
        while not told.is_set():
            messages.add(capture.message)
        assert capture.message == "" and messages >= {"the cable; trying again in 0.05 s", "no device; trying again in 0.1 s"}
        go_on.set()


def test_a_camera_that_says_nothing_is_told_of(monkeypatch):
    monkeypatch.setattr(module, "_SILENT_S", 0.05)
    go_on = threading.Event()
    with Capture(feed(Script(1, go_on.wait, 2), lasting=True)) as capture:
        assert until(lambda: capture.message) == "script: no picture for 0 s"
        go_on.set()


def test_a_camera_that_hangs_holds_up_nobody_at_the_end(monkeypatch):
    monkeypatch.setattr(module, "_JOIN_S", 0.05)
    go_on = threading.Event()
    with Capture(feed(Script(1, go_on.wait), lasting=True)) as capture:
        assert capture.take(5) is not None
    assert capture._thread.is_alive()
    go_on.set()
    capture._thread.join(5)
    assert not capture._thread.is_alive()


def test_leaving_ends_one_that_waits_for_a_taker_or_for_its_camera():
    with Capture(feed(Script(*range(9))), every=True) as waiting:
        until(lambda: waiting.given == 1)
    with Capture(feed(Script(1, CameraError("lost")), CameraError("gone"), lasting=True)) as lost:
        until(lambda: lost.message)
    assert not waiting._thread.is_alive() and not lost._thread.is_alive()


def test_a_camera_on_the_network_that_disappears_and_returns(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_WAIT_S", 0.05)
    with network_camera() as there, Capture(choose_feed(there.address, Size(160, 120), paced=True)) as capture:
        for _ in range(2):
            first = until(lambda: capture.take(1))
            assert first.pixels.shape == (120, 160, 3) and capture.message == ""
            there.unplug()
            assert "trying again in" in until(lambda: capture.message)
            before = capture.given
            there.plug_in()
            until(lambda before=before: capture.given > before)
        assert until(lambda: capture.take(1)).number > first.number


def test_the_rate_is_of_the_latest_five_seconds_and_falls_when_nothing_comes():
    rate = Rate()
    assert rate.value(0.0) == 0
    for tick in range(100):
        rate.add(tick / 10)
    assert rate.value(9.9) == pytest.approx(10)
    for tick in range(100, 400):
        rate.add(10 + (tick - 100) / 20)
    assert rate.value(24.95) == pytest.approx(20)
    assert rate.value(26.95) == pytest.approx(0.5) and rate.value(40) == 0


def test_paths_are_counted_of_the_latest_frames():
    counts = PathCounts(3)
    for index in range(1000):
        counts.add(0 if index < 900 else 2)
    assert counts.counts() == (156, 0, 100)
