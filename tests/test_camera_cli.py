"""A real video through the whole program, compared with a Runner on the pictures that OpenCV decodes by itself."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import statistics
import subprocess
import sys
import termios
from pathlib import Path as FilePath

import numpy as np
import pytest
from watching import PHOTOS, camera, command, decoded, lines, network_camera, until

from dsnet_edge.camera.record import record
from dsnet_edge.camera.sources import choose
from dsnet_edge.cli import main
from dsnet_edge.runtime import Runner
from profiles import profile, series

DOCS = FilePath(__file__).parents[1] / "docs/camera.md"
TIMES = ("preprocess_ms", "prefix_ms", "gate_ms", "suffix_ms")


def test_every_frame_is_answered_as_a_runner_would(video, sliced_bundle, tmp_path):
    """Labels, probabilities and paths of every picture, in their order."""
    camera(sliced_bundle, "--source", video, "--every-frame", "--threads", 1, "--json-lines", tmp_path / "log")
    found, runner = lines((tmp_path / "log").read_text()), Runner(sliced_bundle)
    expected = [runner(picture) for picture in decoded(video)]
    assert [line["number"] for line in found] == list(range(len(expected))) and len(found) > 50
    assert [line["label"] for line in found] == [prediction.label for prediction in expected]
    assert [line["path"] for line in found] == [prediction.path for prediction in expected]
    np.testing.assert_allclose([line["probability"] for line in found], [p.probability for p in expected], atol=1e-6)
    assert len({line["path"] for line in found}) > 1, "the photos must differ in what they need, or this shows little"
    assert all(line[time] > 0 for line in found for time in TIMES)
    assert all(line["latency_ms"] >= sum(line[time] for time in TIMES) - 0.01 for line in found)


def test_the_summary_counts_what_the_lines_say(video, sliced_bundle):
    finished = camera(sliced_bundle, "--source", video, "--every-frame", "--json-lines", "-")
    found = lines(finished.stdout)
    assert f"{len(found)} of {len(found)} frames classified" in finished.stderr
    rows = [re.findall(r"[\d.]+", row) for row in finished.stderr.splitlines() if re.match(r"\W*\d+ .*\d\.\d", row)]
    for path, count, share, *medians in rows[1:]:  # the first is the title
        of_path = [line for line in found if line["path"] == int(path)]
        assert int(count) == len(of_path) and float(share) == pytest.approx(100 * len(of_path) / len(found), abs=0.06)
        for name, median in zip(TIMES, medians, strict=False):
            assert float(median) == pytest.approx(statistics.median(line[name] for line in of_path), abs=0.006)
    assert sum(int(row[1]) for row in rows[1:]) == len(found)


@pytest.mark.parametrize("backend", ["sliced", "numpy"])
def test_a_video_is_played_no_faster_than_it_was_taken(video, sliced_bundle, backend):
    found = lines(camera(sliced_bundle, "--source", video, "--backend", backend, "--json-lines", "-").stdout)
    numbers, total = [line["number"] for line in found], len(decoded(video))
    assert numbers == sorted(set(numbers)) and numbers[-1] == total - 1, "the newest each time, and the last in any case"
    assert found[-1]["unix_s"] - found[0]["unix_s"] > 0.8 * (numbers[-1] - numbers[0]) / 30


def test_frames_loop_and_a_pinned_path(video, sliced_bundle):
    total = len(decoded(video))
    argv = ["--source", video, "--every-frame", "--loop", "--frames", total + 5, "--path", 1, "--json-lines", "-"]
    found = lines(camera(sliced_bundle, *argv).stdout)
    assert [line["number"] for line in found] == list(range(total + 5)), "numbers go on where the video begins anew"
    assert found[-5]["probability"] == found[0]["probability"]
    assert {(line["path"], line["routed"]) for line in found} == {(1, False)}


@pytest.mark.parametrize(("budget", "lowest", "highest"), [(0, 0, 0), (1, 1, 1), (0.5, 0.4, 0.6)])
def test_a_budget_is_a_share_of_the_way_from_slimmest_to_widest(video, sliced_bundle, budget, lowest, highest):
    found = lines(camera(sliced_bundle, "--source", video, "--every-frame", "--budget", budget, "--json-lines", "-").stdout)
    madds = Runner(sliced_bundle).bundle.madds
    mean = statistics.mean(line["madds"] for line in found)
    assert lowest <= round((mean - madds[0]) / (madds[-1] - madds[0]), 3) <= highest


def test_a_profile_says_what_the_paths_cost(video, sliced_bundle, tmp_path):
    """The same paths as a Runner takes that is given the budget in milliseconds: half of the way from 1 to 2."""
    from dsnet_edge.profile import write_profile

    measured = profile(bundle=Runner(sliced_bundle).bundle.info, series=(series(ms=(1.0, 1.01, 2.0)),))
    write_profile(measured, tmp_path / "p.json")
    argv = [sliced_bundle, "--source", video, "--every-frame", "--budget", 0.5, "--profile", tmp_path / "p.json"]
    found = lines(camera(*argv, "--threads", 1, "--json-lines", "-").stdout)
    runner = Runner(sliced_bundle, budget_ms=1.5, profile=measured)
    assert [line["path"] for line in found] == [runner(picture).path for picture in decoded(video)]
    by_madds = lines(camera(*argv[:-2], "--threads", 1, "--json-lines", "-").stdout)
    assert [line["path"] for line in found] != [line["path"] for line in by_madds]
    assert "has no times of sliced x2" in camera(*argv, "--threads", 2, expect=2).stderr
    assert "has no energies" in camera(*argv, "--unit", "mj", expect=2).stderr


def test_photos_of_a_folder(sliced_bundle):
    found = lines(camera(sliced_bundle, "--source", PHOTOS, "--every-frame", "--json-lines", "-").stdout)
    runner = Runner(sliced_bundle)
    expected = [runner(file) for file in sorted(PHOTOS.glob("*.jpg"))]
    assert [(line["label"], line["path"]) for line in found] == [(p.label, p.path) for p in expected]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(video, sliced_bundle, number):
    argv = command(sliced_bundle, "--source", video, "--loop", "--headless", "--json-lines", "-")
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    program.stdout.readline()
    program.send_signal(number)
    out, error = program.communicate(timeout=30)
    assert program.returncode == 0 and "frames classified" in error and "Traceback" not in error
    assert all(line["label"] for line in lines(out)), "the last line is whole"


def test_a_reader_that_stops_reading_holds_up_nobody_at_the_end(video, sliced_bundle):
    argv = command(sliced_bundle, "--source", video, "--loop", "--every-frame", "--json-lines", "-")
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert program.stdout is not None and program.stderr is not None
    until(lambda: in_pipe(program.stdout.fileno()) > 60_000)  # a pipe holds 64 KiB
    program.send_signal(signal.SIGINT)
    assert program.wait(30) == 0
    error = program.stderr.read().decode()
    assert "frames classified" in error and "Traceback" not in error and "Fatal" not in error
    program.stdout.close()
    program.stderr.close()


def in_pipe(handle: int) -> int:
    """Bytes that wait there."""
    return int(np.frombuffer(fcntl.ioctl(handle, termios.FIONREAD, bytes(4)), np.int32)[0])


def test_a_reader_that_goes_away_ends_it(video, sliced_bundle):
    argv = command(sliced_bundle, "--source", video, "--loop", "--every-frame", "--json-lines", "-")
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None and program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    assert program.wait(30) == 0
    error = program.stderr.read()
    program.stderr.close()
    assert "frames classified" in error and "Traceback" not in error and "Broken" not in error


def test_a_terminal_has_one_calm_line(video, sliced_bundle):
    here, there = pty.openpty()
    argv = command(sliced_bundle, "--source", video, "--headless")
    program = subprocess.Popen(argv, stdout=there, stderr=there, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"})
    os.close(there)
    said = b""
    try:
        while part := os.read(here, 65536):
            said += part
    except OSError:  # how a terminal ends
        pass
    os.close(here)
    assert program.wait(30) == 0
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", said.decode())
    assert re.search(r"class \d \d+%  path \d  [\d.]+ ms  [\d.]+ of [\d.]+ fps  sliced x\d", plain), plain[:500]
    assert plain.count("\n") < 20, "the line is written over, not written again"


def test_a_camera_that_is_lost_and_returns_is_told_of(sliced_bundle, tmp_path):
    with network_camera() as there:
        argv = command(sliced_bundle, "--source", there.address, "--headless", "--json-lines", tmp_path / "log")
        program = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        log = tmp_path / "log"
        until(lambda: log.exists() and len(log.read_text().splitlines()) > 3)
        there.unplug()
        viewers = there.viewers
        assert program.stderr is not None
        lost = program.stderr.readline()
        there.plug_in()
        until(lambda: there.viewers > viewers)
        before = len(log.read_text().splitlines())
        until(lambda: len(log.read_text().splitlines()) > before + 3)
        program.send_signal(signal.SIGINT)
        _, error = program.communicate(timeout=30)
    assert program.returncode == 0 and "frames classified" in error
    assert lost.startswith(there.address) and "gives no more pictures" in lost


def test_every_field_of_a_line_is_explained(video, sliced_bundle):
    found = lines(camera(sliced_bundle, "--source", video, "--frames", 1, "--json-lines", "-").stdout)
    assert set(found[0]) - set(re.findall(r"`([a-z_]+)`", DOCS.read_text("utf-8"))) == set()
    assert record.__module__ == "dsnet_edge.camera.record" and len(found[0]) > 20


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--source", "nowhere.mp4"], "no such video or folder"),
        (["--source", "auto"], "no camera was found"),
        (["--source", "7"], "/video7: no such camera"),
        (["--source", "picamera"], "apt install python3-picamera2"),
        (["--source", "http://127.0.0.1:9/x"], "cannot be opened"),
        (["--source", "0", "--every-frame"], "does not wait"),
        (["--source", "0", "--size", "640"], "--size takes WIDTHxHEIGHT"),
        (["--source", "0", "--rotate", "45"], "--rotate takes"),
        (["--source", PHOTOS, "--path", "9"], "path 9 is out of range"),
        (["--source", PHOTOS, "--path", "one"], "--path takes"),
        (["--source", PHOTOS, "--backend", "litert"], "choose one of sliced, numpy"),
        (["--source", PHOTOS, "--threads", "1000"], "threads must be from 1 to"),
        (["--source", PHOTOS, "--thermal"], "give a --budget"),
        (["--source", PHOTOS, "--unit", "kg"], "--unit takes ms or mj"),
        (["--source", PHOTOS, "--energy", "sun"], "--energy sun"),
        (["--source", PHOTOS, "--json-lines", "/nowhere/log"], "--json-lines /nowhere/log: cannot be written"),
    ],
)
def test_what_is_wrong_is_one_line(sliced_bundle, argv, said, monkeypatch, capsys, tmp_path):
    """On a machine without a camera, whichever the tests run on."""
    monkeypatch.setattr(choose, "_DEVICES", tmp_path)
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setattr("sys.argv", ["dsnet-edge", "camera", str(sliced_bundle), "--headless", *map(str, argv)])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err
    assert ended.value.code == 2 and error.startswith("error: ") and said in error and error.count("\n") == 1, error


def test_a_disk_that_is_full_ends_it_with_one_line(video, sliced_bundle):
    error = camera(sliced_bundle, "--source", video, "--json-lines", "/dev/full", expect=2).stderr
    assert "No space left" in error and "Traceback" not in error
