"""The loop and `Live`: every result is a Runner's, and whatever viewers change, no frame is lost."""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import tiny_plan
from watching import PHOTOS, until

from dsnet_convert.bundle import write_bundle
from dsnet_edge.camera import health as health_module
from dsnet_edge.camera import loop as loop_module
from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.camera.loop import Loop
from dsnet_edge.camera.settings import Choices, prices_of, usable_backends
from dsnet_edge.camera.source import Size
from dsnet_edge.camera.sources.choose import choose_feed
from dsnet_edge.camera.values import Live, Result, Settings
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import Profile, write_profile
from dsnet_edge.runtime import Runner, open_bundle
from dsnet_edge.runtime.thermal import Governor
from profiles import profile, series


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A bundle for several backends, those that are converted in no time."""
    folder = tmp_path_factory.mktemp("converted") / "several"
    write_bundle(tiny_plan(), folder, ["sliced", "onnx", "ncnn"], {"random_seed": 0})
    return folder


SLICED = Settings("sliced", 1, None)


class Watched:
    """A loop over the photos without end, every one of them, and all that it said."""

    def __init__(self, loop: Loop, seen: list[tuple[Result, Settings]]) -> None:
        self.loop, self.live, self.seen = loop, loop.live, seen

    def latest(self, count: int = 10) -> list[tuple[Result, Settings]]:
        """The next so many, from now on."""
        begin = len(self.seen)
        until(lambda: len(self.seen) >= begin + count)
        return self.seen[begin : begin + count]


@contextmanager
def watched(
    bundle: FilePath,
    settings: Settings = SLICED,
    *,
    root: FilePath | str = "/nowhere",
    governor: Governor | None = None,
    measured: FilePath | None = None,
    frames: int | None = None,
) -> Iterator[Watched]:
    opened, seen = open_bundle(bundle), []
    choices = Choices(opened, usable_backends(opened), prices_of(opened, measured, "ms"), governor is not None)
    feed = choose_feed(str(PHOTOS), Size(160, 120), paced=False)

    def each(result: Result, led_by: Settings) -> None:
        seen.append((result, led_by))
        time.sleep(0.001)  # or the loop takes both cores from the others

    with HealthWatch(FileTree(root), None) as health, Capture(feed, every=True, loop=True) as capture:
        with Loop(choices, settings, capture, health, governor, frames, each) as loop:
            yield Watched(loop, seen)
        numbers = [result.frame.number for result, _ in seen]
        assert numbers == list(range(len(numbers))), "no frame may be lost, and none classified twice"


def on(backend: str, threads: int = 1) -> Callable[[Settings], Settings]:
    return lambda settings: replace(settings, backend=backend, threads=threads)


def test_results_are_a_runners_and_reach_those_who_wait(sliced_bundle):
    runner, photos = Runner(sliced_bundle), sorted(PHOTOS.glob("*.jpg"))
    with watched(sliced_bundle) as at:
        live: Live = at.live
        number = -1
        for _ in range(5):
            result = live.wait(number, 10)
            assert result is not None and result.frame.number > number
            number = result.frame.number
            expected = runner(photos[number % len(photos)])
            assert result.prediction.label == expected.label and result.prediction.path == expected.path
            assert np.array_equal(result.prediction.probabilities, expected.probabilities)
        until(lambda: len(at.seen) > 300)
        result, _ = at.seen[299]
        assert sum(result.paths) == 256 and result.rates.classified > 0 and result.rates.captured > 0
        taken = [result.prediction.path for result, _ in at.seen[44:300]]
        assert result.paths == tuple(taken.count(path) for path in range(3))
        assert live.state.bundle == "tiny" and live.state.madds == runner.bundle.madds and not live.state.ended
    assert live.state.ended and live.wait(10**9, 60) is None, "at once, as none will come"


def test_another_backend_is_opened_beside_and_exchanged_between_two_frames(several):
    """`watched` sees that no frame is lost; here, that each is said to be of the backend that did it."""
    order = ["onnxruntime", "numpy", "ncnn", "sliced"]
    with watched(several) as at:
        assert set(at.live.state.backends) == set(order)
        at.latest(3)
        for backend in order:
            state = at.live.change(on(backend))
            assert state.settings.backend == backend and not state.message
            until(lambda backend=backend: at.seen[-1][1].backend == backend)
        at.latest(3)
        at.live.change(on("sliced", 2))
        until(lambda: at.seen[-1][1].threads == 2)
        assert at.live.state.message == ""
    changes = [at.seen[0][1].backend]
    changes += [one.backend for (_, before), (_, one) in zip(at.seen, at.seen[1:], strict=False) if one.backend != before.backend]
    assert changes == ["sliced", *order]
    runners = {name: Runner(several, name) for name in order}
    photos = sorted(PHOTOS.glob("*.jpg"))
    for result, settings in at.seen[:: max(1, len(at.seen) // 40)]:
        expected = runners[settings.backend](photos[result.frame.number % len(photos)], result.prediction.path)
        np.testing.assert_allclose(result.prediction.probabilities, expected.probabilities, atol=1e-6)


def test_a_backend_that_cannot_be_opened_leaves_the_one_at_work(several, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(several, bundle)
    damaged = next((bundle / "onnx").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with watched(bundle) as at:
        at.latest(3)
        assert at.live.change(on("onnxruntime")).settings.backend == "onnxruntime"
        message = until(lambda: at.live.state.message)
        assert message.startswith("onnxruntime x1 cannot be used: ") and "SHA-256" in message
        assert at.live.state.settings == SLICED
        at.latest(5)
        at.live.change(on("numpy"))
        assert at.live.state.message == "", "what was wrong is forgotten with the next change"
    assert {settings.backend for _, settings in at.seen} <= {"sliced", "numpy"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (on("ncnn"), "no backend 'ncnn' here"),
        (on("sliced", 0), "threads must be from 1"),
        (on("sliced", 10**6), "threads must be from 1"),
        (lambda settings: replace(settings, path=3), "path 3 is out of range"),
        (lambda settings: replace(settings, path=-1), "path -1 is out of range"),
        (lambda settings: replace(settings, budget=1.01), "a budget must be from 0"),
        (lambda settings: replace(settings, budget=math.nan), "a budget must be from 0"),
    ],
)
def test_what_cannot_be_changes_nothing(sliced_bundle, change, said):
    with watched(sliced_bundle) as at:
        before = at.live.state
        with pytest.raises(DsnetError, match=said):
            at.live.change(change)
        assert at.live.state == before


def test_paused_and_gone_on_with(sliced_bundle):
    with watched(sliced_bundle) as at:
        at.latest(3)
        at.live.change(lambda settings: replace(settings, paused=True))
        until(lambda: len(at.seen) == (time.sleep(0.2), len(at.seen))[1])
        number = at.live.result.frame.number
        assert at.live.wait(number, 0.2) is None and at.live.state.settings.paused
        extremes = at.live.extremes(10)
        assert extremes is not None and extremes.number == number
        at.live.change(lambda settings: replace(settings, paused=False))
        assert at.live.wait(number, 10) is not None


def test_a_pinned_path(sliced_bundle):
    with watched(sliced_bundle) as at:
        at.live.change(lambda settings: replace(settings, path=2))
        until(lambda: at.seen[-1:] and at.seen[-1][1].path == 2)
        assert {(result.prediction.path, result.prediction.routed) for result, _ in at.latest()} == {(2, False)}


def test_extremes_are_what_the_two_ends_say_of_one_frame(sliced_bundle):
    runner, photos = Runner(sliced_bundle), sorted(PHOTOS.glob("*.jpg"))
    with watched(sliced_bundle) as at:
        found = at.live.extremes(10)
        assert found is not None
        photo = photos[found.number % len(photos)]
        for prediction, path in ((found.slimmest, 0), (found.widest, 2)):
            assert prediction.path == path and np.array_equal(prediction.probabilities, runner(photo, path).probabilities)


def test_many_who_ask_for_extremes_are_answered_at_once(sliced_bundle):
    """Two answers a second at the most, so viewers cannot take the processor from the frames."""
    answers, begun = [], time.monotonic()
    with watched(sliced_bundle) as at:

        def ask() -> None:
            for _ in range(3):
                answers.append(at.live.extremes(20))

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 60 and None not in answers
    assert len({id(answer) for answer in answers}) <= (time.monotonic() - begun) / loop_module._EXTREMES_S + 2


def test_a_budget_takes_effect_at_once_and_is_given_up_again(sliced_bundle):
    madds = open_bundle(sliced_bundle).madds
    with watched(sliced_bundle) as at:
        for budget, path in ((0.0, 0), (1.0, 2)):
            at.live.change(lambda settings, budget=budget: replace(settings, budget=budget))
            until(lambda budget=budget: at.seen[-1:] and at.seen[-1][1].budget == budget)
            assert {result.prediction.path for result, _ in at.latest()} == {path}
        at.live.change(lambda settings: replace(settings, budget=0.3))
        until(lambda: at.seen[-1][1].budget == 0.3)
        mean = np.mean([result.prediction.madds for result, _ in at.latest(100)])
        assert (mean - madds[0]) / (madds[-1] - madds[0]) == pytest.approx(0.3, abs=0.05)
        at.live.change(lambda settings: replace(settings, budget=None))
        until(lambda: at.seen[-1][1].budget is None)
        assert {result.prediction.bias for result, _ in at.latest()} == {0.0}


def measured_file(folder: FilePath, bundle: FilePath) -> FilePath:
    """Of the sliced backend with one thread alone."""
    found: Profile = profile(bundle=open_bundle(bundle).info, series=(series(ms=(1.0, 1.5, 2.0)),))
    write_profile(found, folder / "profile.json")
    return folder / "profile.json"


def test_a_budget_needs_costs_of_the_backend_that_shall_keep_it(sliced_bundle, tmp_path):
    with watched(sliced_bundle, replace(SLICED, budget=0.5), measured=measured_file(tmp_path, sliced_bundle)) as at:
        at.latest(3)
        with pytest.raises(DsnetError, match="has no times of numpy"):
            at.live.change(on("numpy"))
        at.live.change(lambda settings: replace(settings, backend="numpy", budget=None))
        until(lambda: at.seen[-1][1].backend == "numpy")
        at.live.change(lambda settings: replace(settings, backend="sliced", budget=1.0))
        until(lambda: at.seen[-1][1].backend == "sliced" and at.seen[-1][1].budget == 1.0)
        assert {result.prediction.path for result, _ in at.latest()} == {2}


def test_heat_lowers_the_budget_and_gives_it_back(sliced_bundle, tmp_path, monkeypatch):
    """A recorded device whose thermometer the test turns up and down."""
    monkeypatch.setattr(health_module, "_EVERY_S", 0.02)
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("60000\n")
    warm = replace(SLICED, budget=1.0)
    with watched(sliced_bundle, warm, root=tmp_path, governor=Governor(wait_s=0.0)) as at:
        result, _ = at.latest()[-1]
        assert (result.health.celsius, result.share, result.prediction.path) == (60.0, 1.0, 2)
        (zone / "temp").write_text("81000\n")
        until(lambda: at.live.result.share == 0.0)
        assert {result.prediction.path for result, _ in at.latest()} == {0} and at.live.result.health.celsius == 81.0
        (zone / "temp").write_text("50000\n")
        until(lambda: at.live.result.share == 1.0)
        assert {result.prediction.path for result, _ in at.latest()} == {2}
        with pytest.raises(DsnetError, match="heat lowers a budget"):
            at.live.change(lambda settings: replace(settings, budget=None))


def test_it_ends_after_so_many_frames(sliced_bundle):
    with watched(sliced_bundle, frames=4) as at:
        until(lambda: at.live.state.ended)
        assert len(at.seen) == 4 and at.live.result is at.seen[-1][0]


def test_what_ends_it_early_is_raised_where_it_is_left(sliced_bundle):
    opened = open_bundle(sliced_bundle)
    choices = Choices(opened, usable_backends(opened), prices_of(opened, None, "ms"), False)

    def full(result: Result, settings: Settings) -> None:
        raise DsnetError("the disk is full")

    feed = choose_feed(str(PHOTOS), Size(160, 120), paced=False)
    with (
        HealthWatch(FileTree("/nowhere"), None) as health,
        Capture(feed, every=True) as capture,
        pytest.raises(DsnetError, match="the disk is full"),
        Loop(choices, SLICED, capture, health, each=full) as loop,
    ):
        until(lambda: loop.live.state.ended)
