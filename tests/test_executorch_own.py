"""Our own binding to ExecuTorch: the same bits as torch's, without torch, and a RuntimeError for every bad file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from executorch.exir._serialize._program import deserialize_pte_binary, serialize_pte_binary
from executorch.exir.schema import ScalarType
from tiny import tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.source import from_checkpoint
from dsnet_edge import demo
from dsnet_edge.errors import MissingExtraError
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.executorch import ExecutorchBackend, find_binding
from dsnet_edge.runtime.executorch_own import OwnBinding
from dsnet_edge.runtime.executorch_torch import TorchBinding
from dsnet_edge.runtime.preprocess import preprocess

# `dsnet-edge` in an interpreter that refuses to import torch.
WITHOUT_TORCH = """
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Refuse())
from dsnet_edge.cli import main
main()
"""


@pytest.fixture(scope="module", params=["fp32", "fp16", "int8"])
def demo_bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """The two paths of the demo model that its gate uses; in fp32 a `.pte` a stage, else one file."""
    folder = tmp_path_factory.mktemp("demo") / request.param
    source, photos = from_checkpoint(demo.CHECKPOINT), demo.photos()
    plan = source.plan.choose((0, 8))
    calibration = Calibration.from_folder(photos[0].parent, plan.input, len(photos)) if request.param == "int8" else None
    merged = () if request.param == "fp32" else ("executorch",)
    chosen = {"precision": request.param, "calibration": calibration, "merged": merged}
    write_bundle(plan, folder, ("sliced", "executorch"), source.description, **chosen)
    return folder


def run(bundle: FilePath, backend: str, *before: str) -> list[dict[str, Any]]:
    """What `dsnet-edge run` says about the demo photos."""
    arguments = (*before, "run", bundle, *demo.photos(), "--backend", backend, "--json", "--threads", "1")
    process = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    return json.loads(process.stdout)


def test_both_bindings_give_the_same_bits(demo_bundle: FilePath) -> None:
    bundle = open_bundle(demo_bundle)
    own = ExecutorchBackend(bundle, 1, OwnBinding())
    other = ExecutorchBackend(bundle, 1, TorchBinding(bundle.precision))
    for photo in demo.photos():
        image = preprocess(photo, bundle.input)
        features = own.prefix(image), other.prefix(image)
        scores, attentions = zip(own.gate(features[0]), other.gate(features[1]), strict=True)
        pairs = [features, scores, attentions]
        pairs += [(own.suffix(features[0], attentions[0], i), other.suffix(features[1], attentions[1], i)) for i in range(2)]
        for ours, theirs in pairs:
            assert ours.dtype == theirs.dtype
            assert ours.std() > 0
            np.testing.assert_array_equal(ours, theirs)
        assert features[0].dtype == (np.float16 if bundle.precision == "fp16" else np.float32)
        assert {array.dtype for pair in (scores, *pairs[3:]) for array in pair} == {np.dtype(np.float32)}
    assert len(own.programs) == (4 if bundle.precision == "fp32" else 1)


def test_photos_get_their_labels_and_paths_without_torch(demo_bundle: FilePath) -> None:
    found = run(demo_bundle, "executorch", "-c", WITHOUT_TORCH)
    assert {answer["runtime"] for answer in found} == {"executorch 1.5.1, own binding"}
    expected = run(demo_bundle, "sliced", "-m", "dsnet_edge")
    assert [(answer["image"], answer["label"], answer["path"]) for answer in found] == [
        (answer["image"], answer["label"], answer["path"]) for answer in expected
    ]
    assert len({answer["path"] for answer in expected}) == 2, "the photos must not all take one path"


def test_inputs_are_taken_by_value_whatever_their_order_in_memory(tiny_bundle: FilePath) -> None:
    backend = ExecutorchBackend(open_bundle(tiny_bundle), 1, OwnBinding())
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    assert feature.strides[1] == feature.itemsize, "channels come last in memory"
    expected = backend.gate(feature)
    for same in (np.ascontiguousarray(feature), np.asfortranarray(feature), feature[:, ::-1].copy()[:, ::-1]):
        for found, value in zip(backend.gate(same), expected, strict=True):
            np.testing.assert_array_equal(found, value)


def test_arrays_keep_their_method_alive(tiny_bundle: FilePath) -> None:
    program = OwnBinding().open(tiny_bundle / "model.pte")
    graph = program.load("gate")
    (buffer,), (scores, _) = graph.inputs, graph.method.outputs
    del program, graph
    buffer[:] = 1
    assert buffer.sum() == buffer.size
    assert scores.shape == (1, 3)
    with pytest.raises(ValueError, match="read-only"):
        scores[:] = 0


@pytest.mark.parametrize("eighth", range(8))
def test_a_truncated_file_is_refused(tiny_bundle: FilePath, tmp_path: FilePath, eighth: int) -> None:
    content = (tiny_bundle / "model.pte").read_bytes()
    (tmp_path / "model.pte").write_bytes(content[: len(content) * eighth // 8])
    with pytest.raises(RuntimeError):
        OwnBinding().open(tmp_path / "model.pte")


def inconsistent_output(gate: Any) -> None:
    gate.outputs[0] = 1000


def too_many_bytes(gate: Any) -> None:
    gate.non_const_buffer_sizes[1] = 1 << 40


def other_type(gate: Any) -> None:
    gate.values[gate.inputs[0]].val.scalar_type = ScalarType.INT


def unknown_backend(gate: Any) -> None:
    gate.delegates[0].id = "Unknown"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (inconsistent_output, "i < n_value_"),  # ExecuTorch would end the process
        (too_many_bytes, r"asks for \d+ bytes of activations"),
        (other_type, "expected float32, float16 or int8"),
        (unknown_backend, "Backend Unknown is not registered"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    tiny_bundle: FilePath, tmp_path: FilePath, damage: Callable[[Any], None], reason: str
) -> None:
    file = deserialize_pte_binary((tiny_bundle / "model.pte").read_bytes())
    damage(next(plan for plan in file.program.execution_plan if plan.name == "gate"))
    (tmp_path / "model.pte").write_bytes(bytes(serialize_pte_binary(file, extract_delegate_segments=True)))
    program = OwnBinding().open(tmp_path / "model.pte")
    assert program.load("prefix").signature == (1, 1)
    with pytest.raises(RuntimeError, match=reason):
        program.load("gate")


def test_a_method_that_is_not_there_is_refused(tiny_bundle: FilePath) -> None:
    program = OwnBinding().open(tiny_bundle / "model.pte")
    assert program.methods == {"prefix", "gate", "suffix_00", "suffix_01", "suffix_02"}
    with pytest.raises(RuntimeError, match="suffix_09"):
        program.load("suffix_09")


def test_another_executorch_than_it_was_built_with_is_left_to_torchs_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executorch.version.__version__", "9.9.9")
    with pytest.raises(ImportError, match=r"dsnet-edge was built for executorch 1\.5\.1.*, found 9\.9\.9"):
        OwnBinding()
    assert find_binding("fp32").runtime == "executorch 9.9.9 through torch"


def test_without_either_binding_one_line_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dsnet_edge._executorch", None)
    assert find_binding("fp32").runtime == "executorch 1.5.1 through torch"
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"^dsnet-edge was built without ExecuTorch, and torch is not installed .*\]'$"):
        find_binding("fp32")


def test_a_missing_executorch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in [name for name in sys.modules if name.partition(".")[0] == "executorch"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"^executorch is not installed .*dsnet-edge\[executorch\]'$"):
        find_binding("fp32")
