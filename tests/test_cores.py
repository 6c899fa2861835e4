"""Choosing and pinning cores."""

import os
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from dsnet_edge import _native, runtime
from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.cores import keep_to, parse_cores, pinned

CORE = str(max(os.sched_getaffinity(0)))  # one that there is


@pytest.mark.parametrize(("text", "cores"), [("3", [3]), ("4-7", [4, 5, 6, 7]), ("0,2, 5-6", [0, 2, 5, 6]), ("1-1", [1])])
def test_core_lists(text: str, cores: list[int]) -> None:
    assert parse_cores(text) == cores


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "1,,2", "1-2-3", "0x1", "999999999", "²"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(DsnetError, match="--cores"):
        parse_cores(text)


def test_pinning_ends_with_its_block() -> None:
    before = os.sched_getaffinity(0)
    big = _native.big_cores()
    assert big
    assert set(big) <= before
    with pytest.raises(KeyError), pinned(big):
        assert os.sched_getaffinity(0) == {big[0]}
        raise KeyError
    assert os.sched_getaffinity(0) == before
    with pinned([]):
        assert os.sched_getaffinity(0) == before


def test_a_process_is_kept_with_the_threads_it_starts() -> None:
    core = max(os.sched_getaffinity(0))
    code = f"""
import os, threading
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.cores import keep_to
keep_to([])
assert os.sched_getaffinity(0) == {os.sched_getaffinity(0)}
keep_to([{core}])
thread = threading.Thread(target=lambda: print(os.sched_getaffinity(0)))
thread.start()
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == f"{{{core}}}\n"


def test_a_core_that_is_not_there_is_named() -> None:
    with pytest.raises(DsnetError, match=r"there is no core 99999999 for this process, only .*; choose"):
        keep_to([0, 99999999])


@pytest.fixture
def run(monkeypatch, tiny_bundle, tmp_path):
    """Runs `dsnet-edge run` with options: its exit status, the threads and cores of its session, and where the photo was run."""
    Image.new("RGB", (20, 20), "teal").save(tmp_path / "photo.png")

    def run(*options: str) -> tuple[int, tuple[int, list[int]], set[int]]:
        seen = {}

        class Recorder(Runner):
            def __init__(self, bundle, backend, threads, cores, **led):
                seen["threads"] = (threads, cores)
                super().__init__(bundle, backend, threads, cores, **led)

            def __call__(self, image, path=None):
                seen["affinity"] = os.sched_getaffinity(0)
                return super().__call__(image, path)

        monkeypatch.setattr(runtime, "Runner", Recorder)
        result = CliRunner().invoke(app, ["run", str(tiny_bundle), str(tmp_path / "photo.png"), *options])
        return result.exit_code, seen["threads"], seen["affinity"]

    return run


def test_run_has_a_thread_for_each_big_core_unless_told_otherwise(run) -> None:
    free = os.sched_getaffinity(0)
    assert run() == (0, (len(_native.big_cores()), []), free)
    assert run("--threads", "3") == (0, (3, []), free)


def test_run_stays_on_the_cores_that_it_is_given(run) -> None:
    free = os.sched_getaffinity(0)
    first, *others = sorted(free, reverse=True)[:2]
    text = ",".join(map(str, (first, *others)))
    exit_code, (_, cores), affinity = run("--cores", text)
    assert (exit_code, cores, affinity) == (0, [first, *others], {first})
    assert os.sched_getaffinity(0) == free


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--cores", CORE, "--threads", "1"), "leave out --threads"),
        (("--cores", f"{CORE},900"), "found 900"),
        (("--cores", f"{CORE},{CORE}"), f"found {CORE} twice"),
        (("--cores", CORE, "--backend", "litert"), "sliced backend only"),
    ],
)
def test_run_refuses_cores_that_it_cannot_have(options, reason, tiny_bundle) -> None:
    result = CliRunner().invoke(app, ["run", str(tiny_bundle), "photo.png", *options])
    assert isinstance(result.exception, DsnetError)
    assert reason in str(result.exception)
