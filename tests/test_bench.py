"""`dsnet-edge bench`: what is timed, how it becomes ratios, and what is refused. No figure is compared with a clock."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan
from typer.testing import CliRunner

from dsnet_convert.one_path import write_one_path_files
from dsnet_convert.sliced import write_sliced
from dsnet_edge.bench.bars import RIVALS, bars
from dsnet_edge.bench.compare import check_agreement, compare
from dsnet_edge.bench.report import Report
from dsnet_edge.bench.rounds import Case, run_rounds
from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import infer
from dsnet_edge.profiling.contenders import PEERS, Ideal, Sliced, peers_of
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.runner import Stages


class Clockwork:
    """A contender whose times are known: the suffix takes `base` more on each path, and all twice as long every second round."""

    def __init__(self, base: float) -> None:
        self.base, self.calls, self.paths = base, 0, []

    def infer(self, image: np.ndarray, path: int) -> Stages:
        slow = 2.0 if image[0] else 1.0
        self.paths.append(path)
        return Stages(np.ones(3), np.ones(2), path, slow, 0.5 * slow, self.base * (1 + path) * slow)


def clockwork_rounds(rounds: int = 8) -> tuple:
    first, second = Clockwork(1.0), Clockwork(2.0)
    cases = [
        Case("sliced", first), Case("switching", first, switching=True), Case("routed", first, routed=True), Case("ideal", second)
    ]  # fmt: skip
    return run_rounds(cases, 3, np.array([[0], [1]]), rounds), first, second


def test_ratios_are_medians_over_rounds_and_cells_are_medians_of_all_runs() -> None:
    measured, _, _ = clockwork_rounds()
    cells = {(cell.case, cell.stage, cell.path): cell.time for cell in measured.cells}
    ratios = {(ratio.other, ratio.stage, ratio.path): ratio for ratio in measured.ratios}
    for path in range(3):
        fast, slow = 1.5 + 1 + path, 2 * (1.5 + 1 + path)
        found = cells["sliced", "network", path]
        assert (found.runs, found.min_ms, found.median_ms) == (8, fast, pytest.approx((fast + slow) / 2))
        assert ratios["ideal", "suffix", path].median == 0.5
        expected = (1.5 + 1 + path) / (1.5 + 2 + 2 * path)
        found_ratio = ratios["ideal", "network", path]
        assert (found_ratio.median, found_ratio.q1, found_ratio.q3) == pytest.approx((expected,) * 3, abs=1e-5)
    assert cells["ideal", "prefix", -1].runs == 8 * 3
    assert not any(cell.case == "routed" and cell.stage in ("suffix", "network") for cell in measured.cells)


def test_a_switching_case_runs_another_path_before_each_counted_one() -> None:
    _, first, second = clockwork_rounds()
    before, counted = second.paths[::2], second.paths[1::2]
    assert before == counted
    assert sorted(counted) == sorted(list(range(3)) * 10)  # two warm-up rounds
    visits = list(zip(first.paths[::2], first.paths[1::2], strict=True))
    assert sum(a != b for a, b in visits) == 30
    assert visits.count((-1, -1)) == 30


@pytest.fixture(scope="module")
def ideal(tiny_bundle: FilePath, tmp_path_factory: pytest.TempPathFactory) -> list[FilePath]:
    return write_one_path_files(tiny_bundle / "model.dsnet", tmp_path_factory.mktemp("ideal"))[1]


def test_a_file_of_one_path_gives_that_paths_logits(tiny_bundle: FilePath, ideal: list[FilePath]) -> None:
    plan = tiny_plan()
    (image,) = tiny_images(plan, 1)
    sliced, alone = Sliced(tiny_bundle / "model.dsnet", 1), Ideal(ideal, 1)
    for index, path in enumerate(plan.program.paths):
        one = read_sliced(ideal[index])
        assert one.program.paths == (path,)
        assert one.arena_bytes < plan.arena_bytes or index == len(ideal) - 1
        np.testing.assert_array_equal(infer(one, image[None], path)[0], infer(plan, image[None], path)[0])
        np.testing.assert_array_equal(alone.infer(image, index).logits, sliced.infer(image, index).logits)


def test_contenders_that_disagree_are_not_timed(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    write_sliced(tiny_plan(seed=5), tmp_path / "other.dsnet")
    cases = [Case("sliced", Sliced(tiny_bundle / "model.dsnet", 1)), Case("impostor", Sliced(tmp_path / "other.dsnet", 1))]
    with pytest.raises(DsnetError, match=r"impostor, path 0: its logits differ"):
        check_agreement(cases, tiny_images(tiny_plan(), 1)[0], 3, 1e-4)


def test_all_contenders_agree_in_one_process(tiny_bundle: FilePath, ideal: list[FilePath]) -> None:
    measured = compare(str(tiny_bundle), tiny_bundle / "model.dsnet", ideal, tuple(PEERS), 1, 1)
    assert {cell.case for cell in measured.cells} == {"sliced", "switching", "routed", "ideal", *PEERS}
    assert min(cell.time.min_ms for cell in measured.cells) > 0


@pytest.fixture(scope="module")
def result(tiny_bundle: FilePath, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Report]:
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    arguments = ["bench", str(tiny_bundle), "--peers", ",".join(PEERS), "--rounds", "2", "--processes", "1", "--json", str(file)]
    found = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output, Report.from_dict(json.loads(file.read_text()))


def test_the_command_measures_prints_and_writes_everything(result: tuple[str, Report]) -> None:
    output, report = result
    (network,) = report.networks
    assert (network.precision, network.peers, len(network.madds)) == ("fp32", tuple(PEERS), 3)
    assert [run.threads for run in network.runs] == [1, 2]
    assert [entry.backend for entry in network.openings] == ["sliced", *PEERS]
    assert network.memories[0].arena > 0
    assert network.memories[0].activations > 0
    runtimes = {entry.backend: entry.runtime for entry in network.memories}
    assert runtimes["sliced"].startswith("dsnet_edge ")
    assert runtimes["litert"].endswith(" CompiledModel, weight cache")
    assert all(entry.all_ms > entry.first_ms > 0 for entry in network.openings)
    assert report.machine["cpu"]
    assert set(report.tools) == {"dsnet-edge", "ai-edge-litert", "executorch", "onnxruntime", "ncnn"}
    for title in ("tiny, fp32, 1 thread", "tiny, fp32, 2 threads", "opening and memory", "must hold"):
        assert title in output


def test_results_survive_json(result: tuple[str, Report]) -> None:
    _, report = result
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    with pytest.raises(DsnetError, match="version 99"):
        Report.from_dict(report.to_dict() | {"version": 99})


def test_bars_name_the_worst_and_pass_or_fail_by_it(result: tuple[str, Report]) -> None:
    _, report = result
    (network,) = report.networks
    found = {bar.name: bar for bar in bars(report)}
    assert len(found) == 7
    run = network.runs[0]
    worst = max(run.ratio("ideal", "network", path).median for path in range(3))
    bar = found["sliced / ideal, fp32, every path"]
    assert (bar.measured, bar.passed) == (worst, worst <= 1.02)
    sliced = replace(network.memories[0], anonymous=1000, file=100, arena=900, activations=100)
    changed = replace(report, networks=(replace(network, memories=(sliced,)),))
    memory = next(bar for bar in bars(changed) if bar.name.startswith("memory"))
    assert memory.measured == pytest.approx(1.1)
    best = found["sliced / best of litert and executorch, fp32, 1 thread, prefix and every path"]
    cells = [("prefix", -1), *(("network", path) for path in range(3))]
    alone = replace(report, networks=(replace(network, peers=("onnxruntime", "ncnn")),))
    assert not any("best of" in bar.name for bar in bars(alone)), "the bar is LiteRT and ExecuTorch"
    assert best.measured == max(run.ratio(run.best(RIVALS, *cell), *cell).median for cell in cells)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--peers", "tensorrt"], "no peer 'tensorrt'"),
        (["--threads", "one"], "--threads takes numbers"),
        (["--threads", "0"], "--threads takes numbers"),
        (["--cores", "0", "--threads", "1,2"], "--cores names 1 for 2 threads"),
        (["--cores", "99999999", "--threads", "1", "--peers", ""], "there is no core 99999999 for this process"),
    ],
)
def test_bad_options_are_refused(tiny_bundle: FilePath, arguments: list[str], reason: str) -> None:
    with pytest.raises(DsnetError, match=reason):
        CliRunner().invoke(app, ["bench", str(tiny_bundle), *arguments], catch_exceptions=False)


def test_cores_are_kept_to_and_recorded(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    core = max(os.sched_getaffinity(0))
    file = tmp_path / "bench.json"
    arguments = ["--peers", "", "--threads", "1", "--cores", str(core), "--rounds", "1", "--processes", "1", "--json", str(file)]
    CliRunner().invoke(app, ["bench", str(tiny_bundle), *arguments], catch_exceptions=False)
    assert Report.from_dict(json.loads(file.read_text())).cores == (core,)


def test_ncnn_takes_part_in_fp32_only(tiny_bundle: FilePath) -> None:
    bundle = open_bundle(tiny_bundle)
    assert peers_of(bundle, tuple(PEERS)) == tuple(PEERS)
    int8 = replace(bundle, manifest=bundle.manifest | {"precision": "int8"})
    assert peers_of(int8, tuple(PEERS)) == ("litert", "executorch", "onnxruntime")


def test_a_peer_without_files_is_refused(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    manifest = json.loads((bundle / "manifest.json").read_text())
    del manifest["backends"]["litert"]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DsnetError, match="--to litert"):
        CliRunner().invoke(app, ["bench", str(bundle)], catch_exceptions=False)


def test_a_failure_in_a_child_is_one_clear_error(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "litert/gate.tflite", b"not a model")
    with pytest.raises(DsnetError, match=r"gate\.tflite"):
        CliRunner().invoke(app, ["bench", str(bundle), "--peers", "litert", "--threads", "1"], catch_exceptions=False)
