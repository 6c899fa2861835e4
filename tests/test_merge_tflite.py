"""One `.tflite` with a signature a stage: the same numbers as its parts, and what they share once."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import Model
from ai_edge_litert.tools import flatbuffer_utils
from ai_edge_quantizer import quantizer, recipe
from tampering import not_delegated, rewrite
from tiny import tiny_images, tiny_plan

from dsnet_convert import merge_tflite as module
from dsnet_convert.litert import weights_in_fp16
from dsnet_convert.merge_tflite import merge_tflite
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.litert_compiled import fully_delegated

STAGES = ["prefix", "gate", "suffix_00", "suffix_01", "suffix_02"]


@pytest.fixture(scope="module")
def files(tiny_bundle: FilePath) -> dict[str, FilePath]:
    return {stage: tiny_bundle / "litert" / f"{stage}.tflite" for stage in STAGES}


@pytest.fixture(scope="module")
def merged(files: dict[str, FilePath], tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    file = tmp_path_factory.mktemp("merged") / "model.tflite"
    merge_tflite(files, file)
    return file


def in_int8(float_file: FilePath, file: FilePath) -> None:
    model = quantizer.Quantizer(str(float_file), recipe.static_wi8_ai8())
    runner = Interpreter(str(float_file)).get_signature_runner()
    ranges = model.calibrate({"serving_default": [random_inputs(runner, seed) for seed in range(3)]}, num_threads=1)
    model.quantize(ranges, enable_progress_report=False).export_model(str(file))


def random_inputs(runner, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    found = {}
    for name, detail in runner.get_input_details().items():
        real = generator.normal(size=detail["shape"])
        found[name] = (40 * real).astype(np.int8) if detail["dtype"] is np.int8 else real.astype(np.float32)
    return found


def compiled_outputs(
    file: FilePath, signature: str, inputs: dict[str, np.ndarray], like: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    model = CompiledModel.from_file(str(file))
    into = {name: model.create_input_buffer_by_name(signature, name) for name in inputs}
    out = {name: model.create_output_buffer_by_name(signature, name) for name in like}
    for name, array in inputs.items():
        into[name].write(array)
    model.run_by_name(signature, into, out)
    return {name: out[name].read(array.size, array.dtype.type).reshape(array.shape) for name, array in like.items()}


def external_bytes(file: FilePath) -> int:
    """Of the constants that lie behind the flatbuffer."""
    model = Model.GetRootAs(file.read_bytes())
    return sum(model.Buffers(index).Size() for index in range(model.BuffersLength()))


def check_same(files: dict[str, FilePath], merged: FilePath) -> None:
    whole = Interpreter(str(merged))
    assert list(whole.get_signature_list()) == list(files)
    for signature, file in files.items():
        single = Interpreter(str(file)).get_signature_runner()
        inputs = random_inputs(single)
        expected = single(**inputs)
        runner = whole.get_signature_runner(signature)
        found = runner(**inputs)
        compiled = compiled_outputs(merged, signature, inputs, expected)
        own = compiled_outputs(file, "serving_default", inputs, expected)
        assert list(found) == list(expected)
        for name, array in expected.items():
            assert np.ptp(array.astype(np.float32)) > 0
            np.testing.assert_array_equal(found[name], array)
            np.testing.assert_array_equal(compiled[name], own[name])
        for details in ("get_input_details", "get_output_details"):
            for name, detail in getattr(single, details)().items():
                assert getattr(runner, details)()[name]["quantization"] == detail["quantization"]


def test_every_signature_computes_what_its_file_did(files: dict[str, FilePath], merged: FilePath) -> None:
    check_same(files, merged)
    assert fully_delegated(merged)


def test_precisions_may_be_mixed_and_constants_lie_anywhere(files: dict[str, FilePath], tmp_path: FilePath) -> None:
    parts = {"fp32": files["suffix_00"], "fp16": tmp_path / "fp16.tflite", "int8": tmp_path / "int8.tflite"}
    weights_in_fp16(files["suffix_00"], parts["fp16"])
    in_int8(files["suffix_00"], parts["int8"])
    parts["behind"] = tmp_path / "behind.tflite"  # as ai-edge-quantizer writes models that are larger than this one
    merge_tflite({"serving_default": parts["int8"]}, parts["behind"])
    assert external_bytes(parts["behind"]) > external_bytes(parts["int8"]) == 0
    merge_tflite(parts, tmp_path / "merged.tflite")
    check_same(parts, tmp_path / "merged.tflite")


def test_equal_constants_lie_once(files: dict[str, FilePath], tmp_path: FilePath) -> None:
    once, twice = tmp_path / "once.tflite", tmp_path / "twice.tflite"
    merge_tflite({"a": files["suffix_02"]}, once)
    merge_tflite({"a": files["suffix_02"], "b": files["suffix_02"]}, twice)
    assert external_bytes(twice) == external_bytes(once) > 4000
    check_same({"a": files["suffix_02"], "b": files["suffix_02"]}, twice)


def test_what_describes_the_model_lies_once(files: dict[str, FilePath], merged: FilePath, tmp_path: FilePath) -> None:
    """Kinds of ops, and metadata: of the version of the runtime that is needed, the highest."""
    model = flatbuffer_utils.read_model(merged)
    kinds = [(code.builtinCode, code.version) for code in model.operatorCodes]
    assert len(kinds) == len(set(kinds))
    newer = flatbuffer_utils.read_model(files["gate"])
    (entry,) = (entry for entry in newer.metadata if entry.name == b"min_runtime_version")
    newer.buffers[entry.buffer].data = np.frombuffer(b"2.10.0".ljust(16, b"\0"), np.uint8)
    (tmp_path / "newer.tflite").write_bytes(flatbuffer_utils.convert_object_to_bytearray(newer))
    merge_tflite({"a": files["prefix"], "b": tmp_path / "newer.tflite", "c": files["suffix_00"]}, tmp_path / "merged.tflite")
    model = flatbuffer_utils.read_model(tmp_path / "merged.tflite")
    described = {entry.name: bytes(model.buffers[entry.buffer].data).rstrip(b"\0") for entry in model.metadata}
    assert len(described) == len(model.metadata)
    assert described[b"min_runtime_version"] == b"2.10.0"


def test_one_signature_that_is_not_delegated_is_seen(files: dict[str, FilePath], tmp_path: FilePath) -> None:
    (tmp_path / "part.tflite").write_bytes(not_delegated(files["suffix_01"].read_bytes()))
    merge_tflite(files | {"suffix_01": tmp_path / "part.tflite"}, tmp_path / "merged.tflite")
    assert not fully_delegated(tmp_path / "merged.tflite")


@pytest.mark.parametrize("compiled", [True, False])
def test_a_bundle_of_one_file_gives_what_one_of_many_does(
    tiny_bundle: FilePath, merged: FilePath, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "model.tflite", merged.read_bytes())
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["backends"]["litert"] = {"file": "model.tflite"}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    if not compiled:
        monkeypatch.setitem(sys.modules, "ai_edge_litert.compiled_model", None)
    one, many = Runner(bundle, "litert"), Runner(tiny_bundle, "litert")
    assert one.backend.runtime == many.backend.runtime
    for image in tiny_images(tiny_plan(), 2):
        for path in range(3):
            found, expected = one.infer(image, path), many.infer(image, path)
            np.testing.assert_array_equal(found.logits, expected.logits)
            np.testing.assert_array_equal(found.scores, expected.scores)
    rewrite(bundle, "model.tflite", (tiny_bundle / "litert/prefix.tflite").read_bytes())
    with pytest.raises(BundleError, match=r"model.tflite: has no signature prefix, only serving_default; convert it again"):
        Runner(bundle, "litert")


def test_what_cannot_be_merged_is_named(
    files: dict[str, FilePath], merged: FilePath, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "merged.tflite"
    with pytest.raises(BundleError, match=r"model.tflite: has 5 graphs and 5 signatures, expected one of each"):
        merge_tflite({"a": merged}, output)
    (tmp_path / "bad.tflite").write_bytes(b"not a model")
    with pytest.raises(BundleError, match=r"bad.tflite: not a valid LiteRT model"):
        merge_tflite({"a": files["gate"], "b": tmp_path / "bad.tflite"}, output)
    merge_tflite({"a": files["gate"]}, tmp_path / "cut.tflite")
    (tmp_path / "cut.tflite").write_bytes((tmp_path / "cut.tflite").read_bytes()[:-1000])
    with pytest.raises(BundleError, match=r"cut.tflite: (a buffer ends at byte \d+ of \d+|not a valid LiteRT model)"):
        merge_tflite({"a": tmp_path / "cut.tflite"}, output)
    monkeypatch.setattr(module, "_LARGEST", 10_000)
    with pytest.raises(DsnetError, match=r"merged.tflite: the merged model has \d+ bytes, .tflite files end at 10000"):
        merge_tflite(files, output)
    assert not output.exists()
