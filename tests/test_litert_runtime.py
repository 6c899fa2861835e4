"""Which of LiteRT's packages and APIs runs a bundle, and that it makes no difference."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path as FilePath
from types import ModuleType

import ai_edge_litert
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from tampering import not_delegated, rewrite
from tiny import tiny_images, tiny_plan

from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.plan.oracle import infer
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.litert_compiled import fully_delegated
from dsnet_edge.user_cache import user_cache

LITERT = f"ai_edge_litert {ai_edge_litert.__version__}"
COMPILED = f"{LITERT} CompiledModel, weight cache"
INTERPRETED = f"{LITERT} Interpreter"

Monkeypatch = pytest.MonkeyPatch


def check(bundle: FilePath, runtime: str) -> None:
    """Every path gives what the oracle does, and `runtime` ran it."""
    plan = tiny_plan()
    images = tiny_images(plan, 2)
    runner = Runner(bundle, "litert")
    for index, path in enumerate(plan.program.paths):
        expected, scores = infer(plan, images, path)
        found = [runner.infer(image, index) for image in images]
        np.testing.assert_allclose([stages.logits for stages in found], expected, atol=1e-4)
        np.testing.assert_allclose([stages.scores for stages in found], scores, atol=1e-4)
    assert runner.backend.runtime == runtime


def without_litert(monkeypatch: Monkeypatch) -> None:
    for module in ("ai_edge_litert.interpreter", "ai_edge_litert.compiled_model"):
        monkeypatch.setitem(sys.modules, module, None)


def stand_in(monkeypatch: Monkeypatch, package: str, version: str) -> None:
    """A package with the interpreter of `ai_edge_litert`, where the real one has it."""
    monkeypatch.setitem(sys.modules, package, ModuleType(package))
    monkeypatch.setattr(sys.modules[package], "__version__", version, raising=False)
    place = ModuleType(f"{package}.place")
    monkeypatch.setattr(place, "Interpreter", Interpreter, raising=False)
    if package == "tensorflow":
        monkeypatch.setattr(sys.modules[package], "lite", place, raising=False)
    else:
        monkeypatch.setitem(sys.modules, f"{package}.interpreter", place)


def test_compiled_models_with_packed_weights_are_the_first_choice(tiny_bundle: FilePath) -> None:
    check(tiny_bundle, COMPILED)


def test_a_second_start_packs_nothing(tiny_bundle: FilePath, monkeypatch: Monkeypatch, tmp_path: FilePath) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    check(tiny_bundle, COMPILED)
    packed = {file: file.stat().st_ino for file in user_cache("litert").iterdir()}
    assert len(packed) == 5
    check(tiny_bundle, COMPILED)
    assert {file: file.stat().st_ino for file in user_cache("litert").iterdir()} == packed


def test_damaged_weights_are_packed_again(tiny_bundle: FilePath, monkeypatch: Monkeypatch, tmp_path: FilePath) -> None:
    """LiteRT itself would run with whatever weights the file has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    check(tiny_bundle, COMPILED)
    for file in user_cache("litert").iterdir():
        content = bytearray(file.read_bytes())
        for index in range(100, len(content) // 2):
            content[index] ^= 0xFF
        file.write_bytes(content)
    check(tiny_bundle, COMPILED)


@pytest.mark.parametrize("place", ["/proc/nowhere", ""], ids=["a folder that cannot be made", "no home"])
def test_without_a_folder_weights_are_packed_in_memory(tiny_bundle: FilePath, monkeypatch: Monkeypatch, place: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    check(tiny_bundle, f"{LITERT} CompiledModel")


def test_a_limit_of_file_size_ends_no_process(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    """LiteRT aborts where it cannot write packed weights."""
    program = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
import numpy as np
from dsnet_edge.runtime import Runner
runner = Runner(sys.argv[1], "litert")
runner(np.zeros((20, 20, 3), np.uint8))
print(runner.backend.runtime)
"""
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program, tiny_bundle], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{LITERT} CompiledModel\n"


def test_nothing_is_logged(tiny_bundle: FilePath) -> None:
    """Neither while LiteRT loads nor, when Python is gone, while it unloads."""
    program = (
        "import sys, numpy; from dsnet_edge.runtime import Runner; Runner(sys.argv[1], 'litert')(numpy.ones((20, 20), 'u1'))"
    )
    result = subprocess.run([sys.executable, "-c", program, tiny_bundle], capture_output=True, text=True, check=True)
    assert result.stdout == result.stderr == ""


def test_the_interpreter_takes_over_where_there_is_no_compiled_model(tiny_bundle: FilePath, monkeypatch: Monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.compiled_model", None)
    check(tiny_bundle, INTERPRETED)


def test_an_older_compiled_model_without_weight_cache_is_left_alone(tiny_bundle: FilePath, monkeypatch: Monkeypatch) -> None:
    import ai_edge_litert.compiled_model as library

    monkeypatch.setattr(library, "CpuOptions", lambda num_threads: None)
    check(tiny_bundle, INTERPRETED)


def test_the_interpreter_takes_over_where_xnnpack_leaves_an_op(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    image = tiny_images(tiny_plan(), 1)[0]
    rewrite(bundle, "litert/suffix_01.tflite", not_delegated((bundle / "litert/suffix_01.tflite").read_bytes()))
    runner = Runner(bundle, "litert")
    runner.infer(image, 0)
    assert runner.backend.runtime == COMPILED
    assert np.isfinite(runner.infer(image, 1).logits).all()
    assert runner.backend.runtime == f"{COMPILED} and {INTERPRETED}"
    assert fully_delegated(bundle / "litert/suffix_00.tflite")
    assert not fully_delegated(bundle / "litert/suffix_01.tflite")


@pytest.mark.parametrize("package", ["tflite_runtime", "tensorflow"])
def test_other_packages_are_the_last_choice(tiny_bundle: FilePath, monkeypatch: Monkeypatch, package: str) -> None:
    without_litert(monkeypatch)
    stand_in(monkeypatch, package, "2.14.0")
    check(tiny_bundle, f"{package} 2.14.0 Interpreter")


def test_tflite_runtime_comes_before_tensorflow(tiny_bundle: FilePath, monkeypatch: Monkeypatch) -> None:
    without_litert(monkeypatch)
    stand_in(monkeypatch, "tflite_runtime", "2.14.0")
    stand_in(monkeypatch, "tensorflow", "2.21.0")
    check(tiny_bundle, "tflite_runtime 2.14.0 Interpreter")


def test_a_package_of_another_numpy_is_named(tiny_bundle: FilePath, monkeypatch: Monkeypatch) -> None:
    def built_for_another(model_path: str, num_threads: int) -> None:
        raise SystemError("returned a result with an exception set")

    without_litert(monkeypatch)
    stand_in(monkeypatch, "tflite_runtime", "2.14.0")
    monkeypatch.setattr(sys.modules["tflite_runtime.interpreter"], "Interpreter", built_for_another)
    with pytest.raises(DsnetError, match=r"tflite_runtime 2.14.0 cannot work with NumPy .*; install numpy<2, or ai-edge-litert"):
        Runner(tiny_bundle, "litert")


@pytest.mark.parametrize("compiled", [True, False])
def test_a_feature_of_another_shape_is_an_error_of_the_bundle(
    tiny_bundle: FilePath, tmp_path: FilePath, monkeypatch: Monkeypatch, compiled: bool
) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "litert/gate.tflite", (bundle / "litert/prefix.tflite").read_bytes())
    with pytest.raises(BundleError, match=r"gate.tflite: takes 1 tensors and gives 1, expected 1 and 2"):
        Runner(bundle, "litert")
    if not compiled:
        monkeypatch.setitem(sys.modules, "ai_edge_litert.compiled_model", None)
    backend = Runner(tiny_bundle, "litert").backend
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    with pytest.raises(
        BundleError, match=r"suffix_00.tflite: suffix_00 failed \(args_1 takes \[1, 12\], found \[1, 8, 8, 12\]\)"
    ):
        backend.suffix(feature, feature, 0)


def test_a_file_that_would_crash_compiled_model_is_refused(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "litert/prefix.tflite", (bundle / "litert/prefix.tflite").read_bytes()[:3000])
    with pytest.raises(BundleError, match=r"prefix.tflite: not a valid LiteRT model"):
        Runner(bundle, "litert")
    with pytest.raises(BundleError, match=r"prefix.tflite: not a valid LiteRT model"):
        fully_delegated(bundle / "litert/prefix.tflite")


def test_tensors_of_other_types_are_refused(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    """int8 without a scale is no quantisation."""
    from ai_edge_litert.schema_py_generated import TensorType
    from ai_edge_litert.tools import flatbuffer_utils

    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    model = flatbuffer_utils.read_model(bundle / "litert/gate.tflite")
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].type = TensorType.INT8
    rewrite(bundle, "litert/gate.tflite", bytes(flatbuffer_utils.convert_object_to_bytearray(model)))
    with pytest.raises(BundleError, match=r"gate.tflite: not a valid LiteRT model \(args_0 is int8 of scale 0.0, expected"):
        Runner(bundle, "litert")
