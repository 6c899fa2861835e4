"""The route through onnx2tf: the same networks as litert-torch makes, by a process whose failures are told in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tiny import ARCHS, tiny_images, tiny_plan

from dsnet_convert.litert import write_litert
from dsnet_convert.onnx2tf import write_litert_via_onnx2tf
from dsnet_convert.onnx2tf_process import interpreter, tool_versions, worker
from dsnet_convert.stage import Stage, folded, stage_values, stages
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.oracle import run_segment

ROOT = FilePath(__file__).resolve().parents[1]
PYTHON = FilePath(os.environ.get("DSNET_ONNX2TF_PYTHON") or ROOT / ".venv-onnx2tf/bin/python")
needs_environment = pytest.mark.skipif(not PYTHON.is_file(), reason=f"there is no {PYTHON}: make onnx2tf-env builds it")
OPS = {"CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "LOGISTIC", "MUL", "PAD"}


@needs_environment
@pytest.mark.parametrize("arch", ["silu, sigmoid attention", "relu, paper's attention", "relu6", "odd size"])
def test_every_stage_is_the_oracles_and_litert_torchs(tmp_path: FilePath, arch: str) -> None:
    """The first of them has maps of 8 x 8 pixels and 8 channels, the layout of which cannot be told by their shape."""
    plan = tiny_plan(ARCHS[arch])
    for stage in stages(plan):
        write_litert_via_onnx2tf(plan, stage, tmp_path / "a.tflite")
        write_litert(plan, stage, tmp_path / "b.tflite")
        ours, theirs = Interpreter(str(tmp_path / "a.tflite")), Interpreter(str(tmp_path / "b.tflite"))
        assert ours.get_signature_list() == theirs.get_signature_list()
        for image in tiny_images(plan, 3):
            inputs, expected = _oracle(plan, stage, image)
            for file in (ours, theirs):
                for found, exact in zip(_run(file, inputs), expected, strict=True):
                    np.testing.assert_allclose(found, exact, atol=1e-5 * np.abs(exact).max())


@needs_environment
def test_int8_is_quantised_throughout_and_close(tmp_path: FilePath) -> None:
    """And a feature map has one scale, in the stage that gives it and in those that take it."""
    plan = tiny_plan()
    calibration, features = tiny_images(plan, 16, seed=7), []
    for stage in stages(plan):
        write_litert_via_onnx2tf(plan, stage, tmp_path / "int8.tflite", "int8", calibration)
        int8 = Interpreter(str(tmp_path / "int8.tflite"))
        inputs, outputs = _details(int8)
        assert {detail["dtype"] for detail in inputs + outputs} == {np.int8}
        features.append((outputs if stage.segment == "prefix" else inputs)[0]["quantization"])
        pairs = [_oracle(plan, stage, image) for image in tiny_images(plan, 16, seed=9)]
        found = [_run(int8, given) for given, _ in pairs]
        for index in range(len(outputs)):
            exact = np.array([expected[index] for _, expected in pairs])
            noise = ((np.array([row[index] for row in found]) - exact) ** 2).sum() / ((exact - exact.mean(0)) ** 2).sum()
            assert noise < 0.2, "a graph that ignores its input has 1"
    scales, zero_points = np.array(features).T
    assert np.ptp(scales) < 1e-5 * scales[0] and not np.ptp(zero_points)


@needs_environment
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_nothing_but_the_networks_own_ops_wholly_accelerated(tmp_path: FilePath, precision: Precision) -> None:
    """No TRANSPOSE; a RESHAPE only where a vector leaves."""
    plan = tiny_plan()
    for stage in stages(plan)[:3]:
        file = tmp_path / f"{stage.name}.tflite"
        write_litert_via_onnx2tf(plan, stage, file, precision, tiny_images(plan, 4) if precision == "int8" else None)
        plain = Interpreter(str(file), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
        ops = [op["op_name"] for op in plain._get_ops_details()]
        assert set(ops) - {"RESHAPE"} <= OPS
        assert ops.count("RESHAPE") == {"prefix": 0, "gate": 2, "suffix": 1}[stage.segment]
        assert CompiledModel.from_file(str(file)).is_fully_accelerated()


@needs_environment
def test_fp16_is_of_all_weights_and_of_nothing_at_the_boundary(tmp_path: FilePath) -> None:
    plan = tiny_plan()
    for stage in stages(plan)[:3]:
        write_litert_via_onnx2tf(plan, stage, tmp_path / "fp16.tflite", "fp16")
        half = Interpreter(str(tmp_path / "fp16.tflite"))
        inputs, expected = _oracle(plan, stage, tiny_images(plan, 1)[0])
        for found, exact in zip(_run(half, inputs), expected, strict=True):
            assert found.dtype == np.float32
            error = np.abs(found - exact).max() / np.abs(exact).max()
            assert 1e-7 < error < 0.05, "scores are small differences"
        halves = sum(int(np.prod(detail["shape"])) for detail in half.get_tensor_details() if detail["dtype"] is np.float16)
        assert halves >= sum(folded(plan, op, stage.path)[0].size for op in plan.program.segment(stage.segment) if op.has_weight)


@needs_environment
def test_it_downloads_nothing(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnx2tf would fetch sample images for a stage that takes photos."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    worker.cache_clear()  # a process that sees these variables
    plan = tiny_plan()
    write_litert_via_onnx2tf(plan, stages(plan)[0], tmp_path / "prefix.tflite")
    assert (tmp_path / "prefix.tflite").stat().st_size > 1000
    worker.cache_clear()


@needs_environment
def test_the_next_job_gets_a_new_process_where_one_was_killed(tmp_path: FilePath) -> None:
    plan = tiny_plan()
    gate, file = stages(plan)[1], tmp_path / "gate.tflite"
    worker(interpreter()).process.kill()
    with pytest.raises(DsnetError, match=r"^gate: the process of onnx2tf ended with exit code -9"):
        write_litert_via_onnx2tf(plan, gate, file)
    assert not list(tmp_path.iterdir())
    write_litert_via_onnx2tf(plan, gate, file)
    assert file.stat().st_size > 1000


@needs_environment
def test_what_onnx2tf_refuses_is_told_and_the_process_lives(tmp_path: FilePath) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a graph")
    job = {"onnx": str(tmp_path / "bad.onnx"), "inputs": [], "outputs": [], "calibration": None}
    job |= {"precision": "fp32", "tflite": str(tmp_path / "x")}
    process = worker(interpreter())
    with pytest.raises(DsnetError, match=r"^gate: onnx2tf cannot convert it \(\w+: .*\); convert without") as told:
        process.run("gate", job)
    assert "\n" not in str(told.value)
    assert process.process.poll() is None


@needs_environment
def test_the_process_ends_with_its_parent() -> None:
    process = worker(interpreter()).process
    worker.cache_clear()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait() == 0


@needs_environment
def test_the_versions_are_those_that_are_pinned() -> None:
    pinned = dict(line.split("==") for line in (ROOT / "scripts/onnx2tf-requirements.txt").read_text().split())
    versions = tool_versions()
    assert versions.keys() == {"onnx2tf", "tensorflow-cpu", "tf-keras"}
    assert versions == {name: pinned[name] for name in versions}


@pytest.fixture
def other_python(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilePath]:
    """The path of another interpreter, which is not there yet."""
    file = tmp_path / "python"
    monkeypatch.setenv("DSNET_ONNX2TF_PYTHON", str(file))
    yield file
    worker.cache_clear()


def test_no_environment(other_python: FilePath) -> None:
    for ask in (_convert_gate, tool_versions):
        assert f"there is no {other_python}; build its environment with: make onnx2tf-env" in _complaint(ask)


def test_an_interpreter_that_cannot_be_run(other_python: FilePath) -> None:
    other_python.write_text("neither a program nor executable")
    for ask in (_convert_gate, tool_versions):
        assert f"{other_python} cannot run it ([Errno 13]" in _complaint(ask)


def test_an_interpreter_without_onnx2tf(other_python: FilePath) -> None:
    """Our own: it must not take our `onnx2tf.py`, which lies beside the script, for the package."""
    _script(other_python, f'exec {sys.executable} "$@"')
    assert "(ended with exit code 1: ModuleNotFoundError: No module named 'onnx2tf')" in _complaint(_convert_gate)
    assert f"{other_python} cannot run it (it has no onnx2tf)" in _complaint(tool_versions)


def test_a_process_that_dies_in_a_job(other_python: FilePath) -> None:
    _script(other_python, """echo '{"ready": true}'; read job; echo 'out of memory' >&2; kill -9 $$""")
    assert "gate: the process of onnx2tf ended with exit code -9: out of memory; free memory" in _complaint(_convert_gate)


def test_a_process_that_answers_garbage(other_python: FilePath) -> None:
    _script(other_python, "echo hello; exec sleep 1000")
    assert f"{other_python} cannot run it (answered 'hello')" in _complaint(_convert_gate)
    _script(other_python, """echo '{"ready": true}'; echo '[1]'; exec sleep 1000""")
    assert "gate: the process of onnx2tf answered '[1]'; free" in _complaint(_convert_gate)


def _script(file: FilePath, text: str) -> None:
    file.write_text(f"#!/bin/bash\n{text}\n")
    file.chmod(0o755)


def _convert_gate() -> None:
    plan = tiny_plan()
    write_litert_via_onnx2tf(plan, stages(plan)[1], FilePath(os.environ["DSNET_ONNX2TF_PYTHON"]).with_name("gate.tflite"))


def _complaint(ask: Callable[[], object]) -> str:
    """One line."""
    with pytest.raises(DsnetError) as told:
        ask()
    assert "\n" not in str(told.value)
    return str(told.value)


def _oracle(plan: Plan, stage: Stage, image: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What the stage takes and gives for an image, `[1, ...]` each."""
    values = {plan.program.image: image[None]}
    for segment in ("prefix", "gate", "suffix"):
        values |= run_segment(plan, segment, values, stage.path)
    inputs, outputs = stage_values(plan, stage.segment)
    return [values[name].astype(np.float32) for name in inputs], [values[name] for name in outputs]


def _run(file: Interpreter, inputs: list[np.ndarray]) -> list[np.ndarray]:
    file.allocate_tensors()
    takes, gives = _details(file)
    for detail, real in zip(takes, inputs, strict=True):
        scale, zero_point = detail["quantization"]
        given = np.clip(np.rint(real / scale) + zero_point, -128, 127).astype(np.int8) if scale else real
        file.set_tensor(detail["index"], given)
    file.invoke()
    found = [(file.get_tensor(detail["index"]), *detail["quantization"]) for detail in gives]
    return [scale * (array.astype(np.float32) - zero_point) if scale else array for array, scale, zero_point in found]


def _details(file: Interpreter) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of inputs and outputs, in the order of the signature."""
    both = file.get_input_details(), file.get_output_details()
    takes, gives = (sorted(details, key=lambda detail: str(detail["name"])) for details in both)
    return takes, gives
