"""What a report says, without looking at it: sentences, warnings, figures by hand, and profiles that lack almost everything."""

from __future__ import annotations

import dataclasses
import re

import pytest
from reporting import full_profile, sweep
from typer.testing import CliRunner

from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import write_profile
from dsnet_edge.profile.sweep import DynamicPoint, write_sweep
from dsnet_edge.profile.values import Layer, Peaks
from dsnet_edge.report.headline import headline
from dsnet_edge.report.page import profile_names, report_page
from dsnet_edge.report.sections.layers import roof_ms
from dsnet_edge.report.sections.tradeoff import dynamic_costs
from dsnet_edge.report.warnings import warnings_of
from profiles import MADDS, energy, profile, series, summary


def text(page: str) -> str:
    return re.sub(r"<[^>]*>", " ", page)


def test_the_headline_by_hand():
    """The gate takes 0.02 of 1 ms. The fastest steady series of ours is the one with 4 threads: 0.6 and 1 ms, the gate 3.3 %."""
    one = profile(series=(series(),), energy=energy((2.0, 3.1, 4.2)))
    assert headline(one) == (
        "With sliced on 1 thread, path 0 takes 1.00 ms and path 2 (choice 13) 2.00 ms; the gate costs 2.0 % of path 0. "
        "An inference takes 2.00 to 4.20 mJ above idle (sliced, 1 thread; board)."
    )
    assert headline(profile(energy=None)).startswith(
        "With sliced on 4 threads, path 0 takes 0.600 ms and path 2 (choice 13) 1.00 ms"
    )


def test_what_is_not_steady_is_no_headline():
    noisy = profile(series=(dataclasses.replace(series(), verdict="noisy"),))
    assert headline(noisy).startswith("No result: sliced, 1 thread, the best there is, is noisy")
    beside = profile(series=(*noisy.series, series("litert", ms=(9.0, 9.0, 9.0))), energy=None)
    assert headline(beside).startswith("With litert on 1 thread")


def test_every_doubt_is_a_warning():
    throttled = dataclasses.replace(series("litert"), verdict="throttled", warnings=("a browser was running",))
    metered = energy()
    lost = dataclasses.replace(metered.paths[1], verdict="noisy", reason="idle changed")
    made = profile(series=(series(), throttled), complete=False, warnings=("the clock jumped",))
    made = dataclasses.replace(made, energy=dataclasses.replace(metered, paths=(metered.paths[0], lost)))
    assert warnings_of(made) == [
        "The measurement was cut off. dsnet-edge profile --resume goes on.",
        "the clock jumped",
        "litert, 1 thread: throttled, the device was held back while it was measured.",
        "litert, 1 thread: a browser was running",
        "energy of sliced, 1 thread, path 1: no result (idle changed).",
    ]
    assert warnings_of(profile()) == []


def test_a_series_that_is_not_steady_is_hatched_and_called_none():
    made = profile(series=(series(), dataclasses.replace(series("litert"), verdict="noisy")))
    page = report_page([made], [])
    assert "litert, 1 thread: noisy, not a result" in page
    steady, noisy = (figure for figure in page.split("<figure>")[1:3])
    assert steady.count('class="unsure"') == 0 and noisy.count('class="unsure"') == 3
    assert noisy.count(" ?</text>") == 3


def test_the_cost_of_the_gate_is_the_mean_over_the_paths_it_takes():
    """Half of the images on 1 ms, a quarter each on 2 and 4 ms: 2 ms."""
    point = DynamicPoint(0.0, 70.0, (0.5, 0.25, 0.25), 1.0)
    assert dynamic_costs(dataclasses.replace(sweep(), dynamic=(point,)), (1.0, 2.0, 4.0)) == [2.0]


@pytest.mark.parametrize(
    ("madds", "size", "threads", "roof"),
    [
        (20_000_000, 1_000, 1, 1.0),  # 20 M at 20 G/s
        (20_000_000, 1_000, 2, 0.5),  # shared by two threads
        (1_000, 10_000_000, 2, 1.0),  # 10 MB at 10 GB/s, however many threads
        (0, 0, 1, 0.0),
    ],
)
def test_the_roof_of_an_op_by_hand(madds, size, threads, roof):
    assert roof_ms(Layer("a", "conv", "suffix", 3.0, madds, size), Peaks(20.0, 10.0), threads) == pytest.approx(roof)
    assert roof_ms(Layer("a", "conv", "suffix", 3.0, madds, size), Peaks(0.0, 0.0), threads) == 0


def test_published_figures_stand_beside_ours_with_their_source():
    """ncnn's ResNet-50 in fp32 on 4 threads of a Pi 5: 46.2 ms of 4.1 G is 1.13 ms for 100 M."""
    page = report_page([full_profile()], [])
    said = text(page)
    assert re.search(r"ResNet-50\s+ncnn\s+fp32\s+4\s+4100 M\s+46\.2\s+1\.13\s+fp16 arithmetic", said)
    assert "https://github.com/Tencent/ncnn/blob/master/benchmark/README.md" in page
    elsewhere = report_page([full_profile(device=dataclasses.replace(profile().device, name="EPYC"))], [])
    assert "No figures of others are known for this device" in elsewhere and "ResNet-50" not in elsewhere


def test_without_a_sweep_the_command_for_one_is_named():
    assert "dsnet-edge sweep BUNDLE IMAGES" in report_page([full_profile()], [])
    assert "dsnet-edge sweep BUNDLE IMAGES" not in report_page([full_profile()], [sweep()])


def test_a_sweep_of_another_bundle_is_refused():
    with pytest.raises(DsnetError, match="the sweep of dsmbnet14 is of no profile's bundle"):
        report_page([profile()], [sweep()])


def test_meters_are_never_mixed():
    same = text(report_page([profile(), profile()], []))
    assert "slimmest, mJ" in same
    other = text(report_page([profile(), profile(energy=energy((900.0, 901.0, 902.0), "rapl:package-0", "cpu"))], []))
    assert "slimmest, mJ" not in other and "hwmon:ina226 (board), rapl:package-0 (cpu) are different meters" in other
    assert "slimmest, mJ" not in text(report_page([profile(), profile(energy=None)], []))


def test_profiles_of_one_device_are_told_apart():
    assert profile_names([profile(), profile(device=dataclasses.replace(profile().device, name="B")), profile()]) == [
        "Raspberry Pi 5 Model B Rev 1.0 (A)",
        "B",
        "Raspberry Pi 5 Model B Rev 1.0 (B)",
    ]


def test_different_bundles_side_by_side_say_so():
    said = "These are different bundles"
    other = dataclasses.replace(profile().bundle, sha256="ef" * 32)
    assert said in report_page([profile(), profile(bundle=other)], [])
    assert said not in report_page([profile(), profile()], [])


def _lacking():
    one = dataclasses.replace(profile().bundle, choices=(0,), madds=MADDS[:1])
    zero = dataclasses.replace(series(), open_ms=summary(0), first_run_ms=summary(0), prefix_ms=summary(0), gate_ms=summary(0))
    zeros = tuple(dataclasses.replace(time, suffix_ms=summary(0), total_ms=summary(0)) for time in zero.paths)
    return {
        "no series": profile(series=(), energy=None),
        "no paths": profile(series=(dataclasses.replace(series(), paths=(), blocks=()),), energy=None),
        "one path": profile(bundle=one, series=(series(ms=(1.0,)),), energy=energy((2.0,))),
        "some paths": profile(series=(dataclasses.replace(series(), paths=series().paths[1:2], verdict="incomplete"),)),
        "no costs": profile(bundle=dataclasses.replace(profile().bundle, madds=(0, 0, 0))),
        "no time": profile(series=(dataclasses.replace(zero, paths=zeros, anonymous_bytes=0, file_bytes=0),)),
        "no device": profile(device=dataclasses.replace(profile().device, name="", cpu="", cores=(), ram_bytes=0)),
        "an age": profile(series=(series(ms=(1e300, 1e300, 1e300)),), energy=energy((-1e300, 1e-300, 1e300))),
    }


@pytest.mark.parametrize("name", _lacking())
def test_a_profile_that_lacks_something_still_makes_a_report(name):
    page = report_page([_lacking()[name], profile()], [])
    assert page.endswith("</html>\n") and "How it was measured" in page
    assert not re.search(r'="[^"]*\b(nan|inf)\b', page)


def test_the_command_writes_a_page_and_leaves_nothing_else(tmp_path):
    write_profile(full_profile(), tmp_path / "a.json")
    write_sweep(sweep(), tmp_path / "s.json")
    (tmp_path / "out").mkdir()
    arguments = ["report", str(tmp_path / "a.json"), "--sweep", str(tmp_path / "s.json"), "-o", str(tmp_path / "out/report.html")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0 and [file.name for file in (tmp_path / "out").iterdir()] == ["report.html"]
    assert (tmp_path / "out/report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_one_line(tmp_path):
    write_profile(profile(), tmp_path / "a.json")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "a.json"), "-o", str(tmp_path / "missing/report.html")])
    assert isinstance(result.exception, DsnetError) and "cannot be written (No such file or directory)" in str(result.exception)
