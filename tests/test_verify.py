"""Verification: it passes what is right, and finds what is wrong."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from executorch import exir
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from PIL import Image
from rich.console import Console
from tampering import rewrite
from tiny import tiny_plan

from dsnet_convert.photos import find_photos
from dsnet_convert.shipped import Shipped, delegated_methods, shipped
from dsnet_convert.sliced import write_sliced
from dsnet_convert.verify import compare_path, verify_bundle
from dsnet_convert.verify_report import BackendFacts, Comparison, PathResult, Report
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.runtime import open_bundle
from dsnet_edge.runtime.measures import Choices, Difference, choices


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def photos(tmp_path: FilePath) -> FilePath:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(3):
        pixels = generator.integers(0, 256, (4, 5, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def test_every_path_of_every_backend_passes_on_photos(tiny_bundle: FilePath, photos: FilePath) -> None:
    report = verify_bundle(tiny_bundle, find_photos([photos]))
    assert report.passed
    assert report.images == 3
    assert [comparison.backend for comparison in report.comparisons] == ["sliced", "executorch", "litert", "onnxruntime", "ncnn"]
    for comparison in report.comparisons:
        assert [result.path for result in comparison.paths] == [0, 1, 2]
        assert max(result.difference.relative_error for result in comparison.paths) < 1e-5
        assert comparison.gate.same == 3


def test_the_command_writes_json_and_succeeds(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    done = command("verify", tiny_bundle, "--backend", "litert", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert "litert" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"] is True
    (comparison,) = report["comparisons"]
    assert [result["path"] for result in comparison["paths"]] == [0, 1, 2]
    assert comparison["paths"][0]["difference"]["top1_agreement"] == 1


def test_other_weights_are_a_miss(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    """model.dsnet of another seed, everything else as it was: exactly what the oracle is there to find."""
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    write_sliced(tiny_plan(seed=1), tmp_path / "other.dsnet")
    rewrite(bundle, "model.dsnet", (tmp_path / "other.dsnet").read_bytes())
    done = command("verify", bundle, "--backend", "litert")
    assert done.returncode == 1, done.stderr
    assert "MISSED" in done.stdout


def test_bad_input_is_one_line_and_exit_code_2(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    (bundle / "litert" / "suffix_01.tflite").unlink()
    (tmp_path / "photo.png").write_bytes(b"no photo")
    for arguments, reason in [
        ((tmp_path / "absent",), "is not a bundle"),
        ((bundle, "--backend", "litert"), "suffix_01.tflite: the file is missing"),
        ((tiny_bundle, "--images", tmp_path / "photo.png"), "not a readable image"),
        ((tiny_bundle, "--backend", "onnx"), "no backend is called 'onnx'"),
    ]:
        done = command("verify", *arguments)
        assert done.returncode == 2, done
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_folder_without_photos_is_named(tmp_path: FilePath) -> None:
    with pytest.raises(DsnetError, match="no images"):
        find_photos([tmp_path])


def test_photos_are_taken_from_sub_folders(tiny_bundle: FilePath, photos: FilePath, tmp_path: FilePath) -> None:
    shutil.copytree(photos, photos / "more")
    arguments = ("--backend", "sliced", "--images", photos, "--samples", 4, "--json", tmp_path / "report.json")
    done = command("verify", tiny_bundle, *arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["images"] == 4


def test_sizes_are_those_of_the_files_a_path_needs(tiny_bundle: FilePath) -> None:
    def size(*names: str) -> int:
        return sum((tiny_bundle / name).stat().st_size for name in names)

    bundle = open_bundle(tiny_bundle)
    assert shipped(bundle, "sliced").path_bytes == (size("model.dsnet"),) * 3
    assert shipped(bundle, "executorch").one_file
    litert, ncnn = shipped(bundle, "litert"), shipped(bundle, "ncnn")
    assert not litert.one_file
    assert litert.path_bytes[1] == size("litert/prefix.tflite", "litert/gate.tflite", "litert/suffix_01.tflite")
    assert litert.total_bytes == sum(file.stat().st_size for file in (tiny_bundle / "litert").iterdir())
    parts = (f"ncnn/{stage}.{kind}" for stage in ("prefix", "gate", "suffix_02") for kind in ("param", "bin"))
    assert ncnn.path_bytes[2] == size(*parts)
    assert ncnn.total_bytes == sum(file.stat().st_size for file in (tiny_bundle / "ncnn").iterdir())


def test_delegation_is_looked_up_in_the_files(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = open_bundle(tiny_bundle)
    for backend in ("executorch", "litert"):
        found = shipped(bundle, backend)
        assert (found.delegated, found.gate_delegated) == ((True, True, True), True)
    assert shipped(bundle, "onnxruntime").delegated is None
    exported = torch.export.export(torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Mish()), (torch.zeros(1, 4),))
    program = exir.to_edge(exported).to_backend(XnnpackPartitioner()).to_executorch()
    (tmp_path / "mish.pte").write_bytes(program.buffer)
    assert delegated_methods(tmp_path / "mish.pte") == {"forward": False}
    (tmp_path / "bad.pte").write_bytes(b"no program" * 20)
    with pytest.raises(BundleError, match=r"bad\.pte: not a valid ExecuTorch program"):
        delegated_methods(tmp_path / "bad.pte")


def _report(n_paths: int, references: dict[str, str]) -> Report:
    """Numbers as wide as they come."""
    bad = Difference(1.2e-12, 1.2e-10, -144.4, 0.9875)
    paths = tuple(PathResult(path, bad, passed=path != 1) for path in range(n_paths))
    backends = ("sliced", "executorch", "litert", "onnxruntime", "ncnn")
    comparisons = [Comparison(b, r, 1e-4, paths, Choices(1.2e-10, 60, 4, 64), False) for b in backends for r in references]
    sizes = Shipped(False, (123_456_789,) * n_paths, 1_234_567_890, (True, False) * (n_paths // 2), True)
    facts = tuple(BackendFacts(backend, "ai-edge-litert 2.3.0, CompiledModel, weight cache", sizes) for backend in backends)
    return Report("/bundle", "int8", 64, True, references, 0.9, 20.0, facts, tuple(comparisons), ("another file",))


@pytest.mark.parametrize("references", [{"checkpoint": "PyTorch"}, {"oracle": "the NumPy oracle", "fp32": "the fp32 network"}])
def test_the_table_fits_80_columns(references: dict[str, str]) -> None:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    console.print(_report(14, references).table())
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("123.46") == 14 * 5
    assert text.count("-144.4") == 14 * 5 * len(references)


def test_json_has_no_infinity() -> None:
    report = _report(2, {"oracle": "the NumPy oracle"})
    same = replace(report.comparisons[0].paths[0], difference=Difference(0.0, 0.0, float("inf"), 1.0))
    comparison = replace(report.comparisons[0], paths=(same,))
    text = json.dumps(replace(report, comparisons=(comparison,)).to_dict(), allow_nan=False)
    assert json.loads(text)["comparisons"][0]["paths"][0]["difference"]["snr_db"] is None


def test_errors_are_relative_to_the_largest_logit() -> None:
    expected = np.array([[10.0, -1.0], [2.0, 1.0]], np.float32)
    assert compare_path(0, expected + np.float32(9e-4), expected, 1e-4).passed
    missed = compare_path(0, expected + np.float32(1.1e-3), expected, 1e-4)
    assert not missed.passed
    assert missed.difference.top1_agreement == 1
    assert not compare_path(0, np.full_like(expected, np.nan), expected, None).passed


def test_another_choice_is_a_miss_unless_the_oracle_nearly_ties() -> None:
    expected = np.array([[1.0, 0.5]], np.float32)
    assert not choices(np.array([[0.5, 1.0]], np.float32), expected, 1e-4).all_right
    tie = np.array([[1.0, 1.0 - 5e-5]], np.float32)
    result = choices(np.array([[1.0 - 5e-5, 1.0]], np.float32), tie, 1e-4)
    assert (result.all_right, result.same, result.near_ties) == (True, 0, 1)
