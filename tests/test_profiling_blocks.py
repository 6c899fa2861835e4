"""From what a process printed to a series, and when a series is a result."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dsnet_edge.devices.device import DeviceError
from dsnet_edge.profile.values import Settings
from dsnet_edge.profiling.raw import read_raw
from dsnet_edge.profiling.series import make_block, make_series
from dsnet_edge.profiling.statistics import half_width, summarize
from profiles import conditions

SETTINGS = Settings(seed=0, blocks=3, block_s=1.0, noise=0.03)
PATHS = (0, 2)


def printed(ms=(1.0, 2.0), runs=5, **changes):
    """What dsnet-bench prints, as far as it is read."""
    prefix, gate = 0.25, 0.05
    paths = [
        {"path": path, "suffix_ms": [total - prefix - gate] * runs, "total_ms": [total] * runs}
        for path, total in zip(PATHS, ms, strict=True)
    ]
    record = {
        "isa": "neon",
        "runs": runs,
        "begin_uptime_s": 100.0,
        "end_uptime_s": 101.0,
        "first_result_ms": {"open": 1.0, "session": 0.5, "run": 4.0},
        "memory_bytes": {"anonymous": 4096, "file": 8192},
        "samples": {"prefix_ms": [prefix] * 2 * runs, "gate_ms": [gate] * 2 * runs, "paths": paths},
    }
    return record | changes


def raw(**changes):
    return read_raw(json.dumps(printed(**changes)).encode(), PATHS, True, "the device")


def test_a_record_is_read():
    block = raw()
    assert block.runtime == "dsnet-bench, neon" and block.open_ms == 1.5 and block.first_run_ms == 4.0
    assert block.seconds == 1.0 and [entry.path for entry in block.paths] == [0, 2]
    assert block.paths[1].total_ms == (2.0,) * 5 and block.prefix_ms == (0.25,) * 10


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        json.dumps(printed(runs=5) | {"runs": 6}).encode(),
        json.dumps(printed() | {"end_uptime_s": 99.0}).encode(),
        json.dumps(printed(ms=(400.0, 2.0))).encode(),  # two seconds of inferences within one
        json.dumps(printed() | {"samples": {"prefix_ms": [], "gate_ms": [], "paths": []}}).encode(),
        json.dumps(printed() | {"memory_bytes": {"anonymous": "lots", "file": 0}}).encode(),
        json.dumps(printed(ms=(-1.0, 2.0))).encode(),
        json.dumps(printed(ms=(float("nan"), 2.0))).encode(),
        json.dumps(printed())[:-40].encode(),  # cut off
        json.dumps({name: value for name, value in printed().items() if name != "first_result_ms"}).encode(),
        json.dumps(printed() | {"samples": {"prefix_ms": [1], "gate_ms": [1], "paths": [{"path": 7}]}}).encode(),
    ],
)
def test_what_is_no_record_of_these_paths_is_refused_in_one_line(text):
    with pytest.raises(DeviceError) as error:
        read_raw(text, PATHS, True, "the device")
    assert str(error.value).startswith("the device: its record") and "\n" not in str(error.value)


def test_what_a_device_prints_is_never_shown_raw():
    with pytest.raises(DeviceError) as error:
        read_raw(json.dumps(printed() | {"runs": "\x1b[2J\n"}).encode(), PATHS, True, "the device")
    assert str(error.value).isprintable()


def test_a_summary_is_of_all_samples_together():
    blocks = [np.arange(1, 101), np.arange(101, 201)]
    found = summarize(blocks)
    assert (found.runs, found.median, found.min) == (200, 100.5, 1.0)
    assert found.p90 == pytest.approx(np.percentile(np.arange(1, 201), 90)) and found.low < 100.5 < found.high


def test_the_interval_covers_the_median_that_blocks_are_drawn_around():
    """Blocks differ by 3 %, samples of a block by 1 %: about 95 of 100 intervals must hold the truth; drawing single samples
    as if they were independent would be right much less often."""
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(60):
        levels = generator.normal(1.0, 0.03, 12)
        found = summarize([generator.normal(level, 0.01, 40) for level in levels])
        held += found.low <= 1.0 <= found.high
    assert held >= 50


def blocks_of(totals, reasons=None):
    reasons = reasons or [""] * len(totals)
    return [
        make_block(number, raw(ms=(total, 2 * total)), [conditions()], reason)
        for number, (total, reason) in enumerate(zip(totals, reasons, strict=True))
    ]


def series(blocks):
    return make_series(("sliced", 1), (), raw(), blocks, SETTINGS)


def test_blocks_that_agree_are_a_result():
    found = series(blocks_of([1.0, 1.0, 1.0]))
    assert found.verdict == "steady" and found.warnings == ()
    assert found.path(2).total_ms.median == 2.0 and found.path(2).total_ms.runs == 15 and half_width(found.path(0).total_ms) == 0


def test_blocks_that_disagree_are_not_called_a_result():
    found = series(blocks_of([1.0, 1.2, 1.4]))
    assert found.verdict == "noisy" and "not a result" in found.warnings[-1]


def test_a_block_that_was_held_back_is_left_out_of_the_figures_and_named():
    found = series(blocks_of([1.0, 1.0, 1.0, 9.0], ["", "", "", "held back by under-voltage"]))
    assert found.verdict == "steady" and found.path(0).total_ms.median == 1.0 and found.path(0).total_ms.p99 == 1.0
    assert found.warnings == ("block 3 is left out: held back by under-voltage",) and len(found.blocks) == 4


def test_too_few_blocks_are_incomplete_and_only_held_back_ones_throttled():
    assert series(blocks_of([1.0])).verdict == "incomplete"
    found = series(blocks_of([2.0, 2.0, 2.0], ["hot"] * 3))
    assert found.verdict == "throttled" and found.path(0).total_ms.median == 2.0
