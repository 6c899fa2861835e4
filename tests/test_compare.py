"""`dsnet-edge compare`: what is a regression, what is noise, what cannot be told. The blocks are made: the answers are known."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import write_profile
from dsnet_edge.profile.values import Block, PathSamples, Profile, Series
from dsnet_edge.report.compare import compare_profiles
from dsnet_edge.report.significance import interval_ratio, median_ratio
from profiles import energy, profile, series


def blocks(of: Series, seed: int, scale: float = 1.0, between: float = 0.004, count: int = 8) -> Series:
    """The series in several blocks, each as a whole off by a random factor."""
    rng = np.random.default_rng(seed)

    def block(number: int) -> Block:
        factor = scale * math.exp(rng.normal(0, between))
        times = (tuple(time.total_ms.median * factor * (1 + abs(rng.normal(0, 0.01, 25)))) for time in of.paths)
        paths = tuple(PathSamples(path, (0.1,) * 25, ms) for path, ms in enumerate(times))
        return dataclasses.replace(of.blocks[0], number=number, paths=paths)

    return dataclasses.replace(of, blocks=tuple(block(number) for number in range(count)))


def measured(seed: int, scale: float = 1.0, **changes: object) -> Profile:
    kept = {name: changes.pop(name) for name in ("between", "count") if name in changes}
    return profile(**{"series": (blocks(series(), seed, scale, **kept),), "energy": None} | changes)


def compared(tmp_path, a: Profile, b: Profile, *options: str):
    write_profile(a, tmp_path / "a.json")
    write_profile(b, tmp_path / "b.json")
    return CliRunner().invoke(app, ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *options])


def test_a_profile_is_no_worse_than_itself(tmp_path):
    result = compared(tmp_path, measured(1), measured(1))
    assert result.exit_code == 0 and "none of 3" in result.output


def test_ten_per_cent_more_on_every_path_is_a_regression(tmp_path):
    result = compared(tmp_path, measured(1), measured(2, 1.10), "--json")
    differences = json.loads(result.output)["differences"]
    assert result.exit_code == 1
    assert [d["verdict"] for d in differences] == ["worse"] * 3
    assert all(d["ratio"]["value"] == pytest.approx(1.10, abs=0.01) for d in differences)
    assert all(d["ratio"]["low"] <= d["ratio"]["value"] <= d["ratio"]["high"] for d in differences)


def test_ten_per_cent_less_is_none(tmp_path):
    assert compared(tmp_path, measured(1, 1.10), measured(2)).exit_code == 0


def test_what_blocks_differ_by_anyway_is_no_regression(tmp_path):
    """Blocks that differ by 10 % from each other say nothing about 4 %, however many samples they have."""
    result = compared(tmp_path, measured(1, between=0.1), measured(2, 1.04, between=0.1), "--json")
    assert result.exit_code == 0
    assert {d["verdict"] for d in json.loads(result.output)["differences"]} == {"same"}


def test_a_sure_difference_within_the_threshold_is_let_pass_and_beyond_it_is_not(tmp_path):
    a, b = measured(1, between=0.001), measured(2, 1.02, between=0.001)
    assert {d.judge(0.03) for d in compare_profiles(a, b, 0.03).differences} == {"slight"}
    assert compared(tmp_path, a, b).exit_code == 0
    assert compared(tmp_path, a, b, "--threshold", "1%").exit_code == 1


@pytest.mark.parametrize("verdict", ["noisy", "throttled", "incomplete"])
def test_a_series_that_is_not_steady_is_named_and_not_judged(verdict):
    steady, slow = blocks(series(), 1), blocks(series("litert"), 2, 1.5)
    a = measured(1, series=(steady, blocks(series("litert"), 3)))
    b = measured(1, series=(steady, dataclasses.replace(slow, verdict=verdict)))
    found = compare_profiles(a, b, 0.03)
    assert found.unjudged == (f"litert, 1 thread: B is {verdict}",)
    assert {d.backend for d in found.differences} == {"sliced"} and not found.regressions


def test_a_missing_series_and_a_missing_path_are_named():
    a = measured(1, series=(blocks(series(), 1), blocks(series("litert"), 2)))
    b = measured(1, series=(blocks(series(ms=(1.0, 1.5)), 1),))
    found = compare_profiles(a, b, 0.03)
    assert found.unjudged == ("sliced, 1 thread, choice 13: in 8 and 0 blocks of A and B", "litert, 1 thread: only in A")
    assert [d.choice for d in found.differences] == [0, 6]


def test_bundles_of_different_paths_are_compared_in_the_choices_they_share():
    """Path 1 of A and path 0 of B are the gate's choice 6: 1.5 ms in both."""
    a = measured(1)
    fewer = dataclasses.replace(a.bundle, choices=(6, 13), madds=a.bundle.madds[1:])
    b = measured(1, series=(blocks(series(ms=(1.5, 2.0)), 1),), bundle=fewer)
    found = compare_profiles(a, b, 0.03)
    assert [(d.choice, d.judge(0.03)) for d in found.differences] == [(6, "same"), (13, "same")]


def test_blocks_that_were_not_kept_do_not_count():
    a, b = measured(1), measured(2)
    first = b.series[0].blocks[0]
    outlier = dataclasses.replace(first, kept=False, paths=tuple(PathSamples(p.path, p.suffix_ms, (99.0,)) for p in first.paths))
    repeated = dataclasses.replace(b, series=(dataclasses.replace(b.series[0], blocks=(outlier, *b.series[0].blocks)),))
    assert compare_profiles(a, repeated, 0.03) == compare_profiles(a, b, 0.03)


def test_what_was_not_alike_is_said():
    a = measured(1)
    other = dataclasses.replace(a.series[0], runtime="sliced 9", cores=(4, 5))
    bundle = dataclasses.replace(a.bundle, sha256="cd" * 32)
    b = dataclasses.replace(a, series=(other,), bundle=bundle, device=dataclasses.replace(a.device, kernel="Linux 7.0"))
    said = compare_profiles(a, b, 0.03).warnings
    assert [line.split(":")[0] for line in said] == [
        "bundle",
        "system",
        "runtime of sliced, 1 thread",
        "pinning of sliced, 1 thread",
    ]
    assert "A none, B 4, 5" in said[3]


def test_two_devices_are_refused(tmp_path):
    a = measured(1)
    b = dataclasses.replace(a, device=dataclasses.replace(a.device, name="Pixel 6\x1b[2J"))
    with pytest.raises(DsnetError, match=r"Pixel 6\?\[2J .* dsnet-edge report"):
        compare_profiles(a, b, 0.03)


def test_nothing_to_judge_is_no_good_news():
    with pytest.raises(DsnetError, match="sliced, 1 thread: only in A; litert, 1 thread: only in B"):
        compare_profiles(measured(1), measured(1, series=(blocks(series("litert"), 2),)), 0.03)
    with pytest.raises(DsnetError, match="A has 1 of the 3 blocks"):
        compare_profiles(profile(energy=None), profile(energy=None), 0.03)


def test_more_energy_is_a_regression_and_another_meter_is_not_compared():
    a = measured(1, energy=energy((2.0, 3.0, 4.0)))
    found = compare_profiles(a, measured(1, energy=energy((2.0, 3.3, 4.0))), 0.03)
    assert [(d.quantity, d.choice, round(d.ratio.value, 3)) for d in found.regressions] == [("mj", 6, 1.1)]
    other = compare_profiles(a, measured(1, energy=energy((9.0, 9.0, 9.0), name="rapl", scope="cpu")), 0.03)
    assert not other.regressions and "two meters" in other.unjudged[0]


def test_an_energy_that_the_idle_device_takes_too_is_not_judged():
    a, b = measured(1, energy=energy()), measured(1, energy=energy())
    assert b.energy
    first = dataclasses.replace(b.energy.paths[0], low=-0.1)
    b = dataclasses.replace(b, energy=dataclasses.replace(b.energy, paths=(first, *b.energy.paths[1:])))
    (unjudged,) = compare_profiles(a, b, 0.03).unjudged
    assert unjudged == "energy of sliced, 1 thread, choice 0: B is not known well enough, -0.1 to 2.06 mJ"


def test_the_ratio_of_constant_blocks_is_exact():
    ratio = median_ratio([np.full(5, 2.0)] * 3, [np.full(7, 3.0)] * 4)
    assert (ratio.value, ratio.low, ratio.high) == (1.5, 1.5, 1.5)


def test_of_equal_series_few_are_called_different():
    """The promise of the interval: at most 5 in 100. Of 200, 10 are expected at most; 20 have a chance below 1 in 100 of that."""
    rng = np.random.default_rng(0)

    def made() -> list[np.ndarray]:
        return [np.exp(rng.normal(0, 0.01) + abs(rng.normal(0, 0.02, 31))) for _ in range(5)]

    assert sum(median_ratio(made(), made(), seed).certain for seed in range(200)) <= 20


def test_the_ratio_of_two_intervals_by_hand():
    """Half-widths of 3 % and 4 % make 5 %: low is 1.1 / exp(0.05)."""
    ratio = interval_ratio((10.0, 9.7, 10.3), (11.0, 10.56, 11.44))
    assert ratio.value == pytest.approx(1.1)
    assert ratio.low == pytest.approx(1.1 * math.exp(-0.05)) and ratio.high == pytest.approx(1.1 * math.exp(0.05))


@pytest.mark.parametrize("threshold", ["", "3", "0.03", "-1%", "1e3%", "nan%"])
def test_a_threshold_that_is_none_is_refused(tmp_path, threshold):
    result = compared(tmp_path, measured(1), measured(1), "--threshold", threshold)
    assert isinstance(result.exception, DsnetError) and "--threshold takes per cent" in str(result.exception)
