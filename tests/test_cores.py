"""Choosing and pinning cores."""

import os
import subprocess
import sys

import pytest

from dsnet_edge import _native
from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime.cores import keep_to, parse_cores, pinned


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
