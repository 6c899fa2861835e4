"""The runtimes with a file a stage behind the backend protocol: LiteRT, ONNX Runtime and ncnn."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_edge.errors import BundleError, MissingExtraError
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.runner import open_backend
from dsnet_edge.runtime.staged import StagedBackend

FILES = {"litert": "litert/{}.tflite", "onnxruntime": "onnx/{}.onnx", "ncnn": "ncnn/{}.param"}
EXTRAS = {"litert": "litert", "onnxruntime": "onnx", "ncnn": "ncnn"}


def opened(folder: FilePath, backend: str) -> StagedBackend:
    return open_backend(backend)(open_bundle(folder), 1)


@pytest.fixture(params=FILES)
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def copy(tiny_bundle: FilePath, tmp_path: FilePath) -> FilePath:
    return FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def test_a_path_is_opened_when_it_is_needed(tiny_bundle: FilePath, backend: str) -> None:
    runtime = opened(tiny_bundle, backend)
    feature = runtime.prefix(tiny_images(tiny_plan(), 1)[0])
    runtime.suffix(feature, runtime.gate(feature)[1], 2)
    assert list(runtime.graphs) == ["prefix", "gate", "suffix_02"]


def test_results_outlive_the_next_call(tiny_bundle: FilePath, backend: str) -> None:
    runtime = opened(tiny_bundle, backend)
    first, second = tiny_images(tiny_plan(), 2)
    feature = runtime.prefix(first)
    scores, attention = runtime.gate(feature)
    expected = runtime.suffix(feature, attention, 0)
    kept = scores.copy(), expected.copy()
    other = runtime.prefix(second)
    assert np.abs(runtime.gate(other)[0] - scores).max() > 1e-3
    np.testing.assert_array_equal(runtime.suffix(feature, attention, 0), kept[1])
    np.testing.assert_array_equal(scores, kept[0])
    np.testing.assert_array_equal(expected, kept[1])


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(4096)])
def test_a_bad_file_is_named(copy: FilePath, backend: str, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    file = FILES[backend].format("gate")
    rewrite(copy, file, content)
    with pytest.raises(BundleError, match=rf"{FilePath(file).name}: not a valid"):
        opened(copy, backend)


def test_a_stage_in_anothers_place_is_named(copy: FilePath, backend: str) -> None:
    for pattern in {"ncnn": ["ncnn/{}.param", "ncnn/{}.bin"]}.get(backend, [FILES[backend]]):
        rewrite(copy, pattern.format("suffix_00"), (copy / pattern.format("gate")).read_bytes())
    runtime = opened(copy, backend)
    feature = runtime.prefix(tiny_images(tiny_plan(), 1)[0])
    with pytest.raises(BundleError, match=r"suffix_00.* takes 1 tensors and gives 2, expected 2 and 1"):
        runtime.suffix(feature, runtime.gate(feature)[1], 0)


def test_a_missing_extra_is_named(tiny_bundle: FilePath, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime", "tensorflow", "onnxruntime", "ncnn"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"dsnet-edge\[{EXTRAS[backend]}\]"):
        opened(tiny_bundle, backend)


def test_files_of_other_paths_are_refused(copy: FilePath, backend: str) -> None:
    bundle = open_bundle(copy)
    bundle.manifest["backends"][backend]["suffixes"].pop()
    with pytest.raises(BundleError, match=rf"backends.{backend} has 4 stages, expected 5"):
        open_backend(backend)(bundle, 1)


def test_missing_files_are_answered_with_the_target_that_writes_them(copy: FilePath, backend: str) -> None:
    bundle = open_bundle(copy)
    del bundle.manifest["backends"][backend]
    with pytest.raises(BundleError, match=rf"no files for the {backend} backend.* --to {EXTRAS[backend]}$"):
        open_backend(backend)(bundle, 1)


def test_truncated_weights_of_ncnn_are_named(copy: FilePath) -> None:
    weights = copy / "ncnn" / "gate.bin"
    rewrite(copy, "ncnn/gate.bin", weights.read_bytes()[:100])
    with pytest.raises(BundleError, match=r"gate.bin: not the weights of gate.param"):
        opened(copy, "ncnn")


def test_features_of_another_shape_are_an_error_of_onnxruntimes_bundle(tiny_bundle: FilePath) -> None:
    runtime = opened(tiny_bundle, "onnxruntime")
    with pytest.raises(BundleError, match=r"gate.onnx: it failed"):
        runtime.gate(np.zeros((1, 3, 4, 4), np.float32))
