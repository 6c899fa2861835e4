"""What people see of the camera beside its page: the status line, the keys of the window, and where the page is served."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import replace

import numpy as np
import pytest
from watching import PHOTOS, command

from dsnet_edge.camera.status import status_text
from dsnet_edge.camera.values import Frame, Health, Rates, Result, Settings, State
from dsnet_edge.camera.window import KEYS
from dsnet_edge.runtime import Runner

SETTINGS = Settings("sliced", 2, None)
STATE = State(SETTINGS, ("sliced",), "/dev/video0", "tiny", (1, 2, 3))


@pytest.fixture(scope="module")
def result(sliced_bundle):
    prediction = Runner(sliced_bundle)(PHOTOS / "cat.jpg", 2)
    frame = Frame(7, np.zeros((4, 4, 3), np.uint8), 1.0)
    return Result(frame, prediction, Rates(30.04, 24.96), (0, 0, 1), Health(61.4, 3.456, "rapl"), 1.0)


def test_the_status_line_has_what_there_is(result):
    label, share = result.prediction.label, f"{result.prediction.probability:.0%}"
    whole = status_text(STATE, result)
    assert whole.startswith(f"{label} {share}  path 2  ") and whole.endswith("25.0 of 30.0 fps  sliced x2  61 °C  3.46 W")
    bare = status_text(STATE, replace(result, health=Health()))
    assert "°C" not in bare and " W" not in bare and "budget" not in bare


def test_the_status_line_says_what_is_out_of_the_ordinary(result):
    kept = replace(STATE, settings=replace(SETTINGS, budget=0.3, paused=True))
    hot = status_text(kept, replace(result, share=0.36))
    assert hot.startswith("paused  ") and "budget 30%" in hot and "hot: 36% of the budget" in hot
    assert status_text(replace(STATE, message="the camera is lost"), result) == "the camera is lost"
    assert status_text(STATE, None) == "waiting for the first frame"


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("<Up>", None, 0.1),
        ("<Up>", 0.35, 0.45),
        ("<Up>", 0.95, 1.0),
        ("<Down>", None, 0.9),
        ("<Down>", 0.05, 0.0),
        ("g", 0.4, None),
    ],
)
def test_keys_of_the_window_move_the_budget(key, before, after):
    assert KEYS[key](replace(SETTINGS, budget=before)) == replace(SETTINGS, budget=after)


def test_the_space_key_pauses_and_goes_on():
    paused = KEYS["<space>"](SETTINGS)
    assert paused.paused and KEYS["<space>"](paused) == SETTINGS


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_page_is_where_the_program_says(sliced_bundle, video, host):
    argv = command(sliced_bundle, "--source", video, "--loop", "--listen", f"{host}:0")
    program = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert program.stderr is not None
    address = re.search(r"watch it at (\S+);", program.stderr.readline())[1]
    assert b"<html" in urllib.request.urlopen(address, timeout=20).read()
    assert ("token=" in address) == (host == "0.0.0.0"), "who can be reached by others asks for a token"
    if host == "0.0.0.0":
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address.partition("?")[0], timeout=20)
        assert refused.value.code in (401, 403)
        refused.value.close()
    program.send_signal(signal.SIGINT)
    _, error = program.communicate(timeout=30)
    assert program.returncode == 0 and "frames classified" in error and "Traceback" not in error
