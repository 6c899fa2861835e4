"""`dsnet-edge run --self-test`: it needs nothing but the bundle, passes what is right, and finds what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path as FilePath

import numpy as np
import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.golden import own_arrays
from dsnet_edge.errors import BundleError
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.self_test import SelfTest, self_test

# What a device does not have: an import of any of these raises.
_ON_A_DEVICE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"gguf", "safetensors", "torch", "jsonschema", "dsnet_convert", "executorch", "onnx"}:
            raise ImportError(f"{name} is not on a device")
sys.meta_path.insert(0, Refuse())
from dsnet_edge.cli import main
main()
"""


@pytest.fixture
def bundle(tiny_bundle: FilePath, tmp_path: FilePath) -> FilePath:
    return FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


def outcome(bundle: FilePath, backend: str = "sliced") -> SelfTest:
    return self_test(Runner(bundle, backend))


def edit(bundle: FilePath, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Changes a golden array, and the hash with it."""
    array = np.load(bundle / "golden" / f"{name}.npy")
    array = change(array)
    np.save(bundle.parent / "changed.npy", array)
    rewrite(bundle, f"golden/{name}.npy", (bundle.parent / "changed.npy").read_bytes())


@pytest.mark.parametrize("backend", ["sliced", "executorch", "litert", "onnxruntime", "ncnn", "numpy"])
def test_every_backend_passes(tiny_bundle: FilePath, backend: str) -> None:
    found = outcome(tiny_bundle, backend)
    assert found.passed
    assert (found.images, found.tolerance, len(found.paths)) == (3, 1e-4, 3)
    assert max(path.relative_error for path in found.paths) < 1e-5
    assert found.gate.same == 3


@pytest.mark.parametrize("backend", ["sliced", "litert"])
def test_a_device_needs_nothing_but_the_bundle(tiny_bundle: FilePath, tmp_path: FilePath, backend: str) -> None:
    arguments = ("run", str(tiny_bundle), "--self-test", "--json", "--backend", backend)
    python = [sys.executable, "-c", _ON_A_DEVICE]
    done = subprocess.run([*python, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["passed"] is True
    assert [(path["path"], path["passed"]) for path in found["paths"]] == [(0, True), (1, True), (2, True)]
    assert found["gate"]["passed"] is True


@pytest.mark.parametrize("name", ["images", "scores", "logits"])
@pytest.mark.parametrize("change", [np.flip, np.negative], ids=["turned", "negated"])
def test_another_golden_array_is_found(bundle: FilePath, name: str, change: object) -> None:
    edit(bundle, name, change)
    assert not outcome(bundle).passed


def test_one_wrong_number_is_found_on_its_path(bundle: FilePath) -> None:
    def change(logits: np.ndarray) -> np.ndarray:
        logits[1, 2, 3] += np.float32(2e-4) * np.abs(logits[1]).max()
        return logits

    edit(bundle, "logits", change)
    found = outcome(bundle)
    assert [found.path_passed(path) for path in range(3)] == [True, False, True]
    assert found.gate_passed
    done = command("run", bundle, "--self-test")
    assert done.returncode == 1, done.stderr
    assert "MISSED" in done.stdout
    as_json = command("run", bundle, "--self-test", "--json")
    assert as_json.returncode == 1
    assert [path["passed"] for path in json.loads(as_json.stdout)["paths"]] == [True, False, True]


@pytest.mark.parametrize("name", ["model.dsnet", "litert/suffix_01.tflite", "onnx/prefix.onnx", "ncnn/prefix.bin"])
def test_a_damaged_weight_is_found(bundle: FilePath, name: str) -> None:
    """The exponent of one float32 in the file, and its hash with it: a file that opens, and computes something else."""
    backend = {"model.dsnet": "sliced", "litert": "litert", "onnx": "onnxruntime", "ncnn": "ncnn"}[name.partition("/")[0]]
    data = bytearray((bundle / name).read_bytes())
    place = _weight(data)
    data[place + 3] ^= 0x02  # by a factor of 2^4 or 2^-4
    rewrite(bundle, name, bytes(data))
    assert not outcome(bundle, backend).passed


def _weight(data: bytearray) -> int:
    """Where the longest run of numbers that look like weights has its largest one."""
    numbers = np.abs(np.frombuffer(bytes(data[: len(data) // 4 * 4]), "<f4"))
    likely = (numbers > 1e-3) & (numbers < 8)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], likely, [False]])))
    start, stop = max(zip(edges[::2], edges[1::2], strict=True), key=lambda run: run[1] - run[0])
    return 4 * (int(start) + int(numbers[start:stop].argmax()))


def test_paths_in_another_order_are_found(bundle: FilePath) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    suffixes = manifest["backends"]["litert"]["suffixes"]
    suffixes[0], suffixes[2] = suffixes[2], suffixes[0]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    found = outcome(bundle, "litert")
    assert [found.path_passed(path) for path in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("logits", lambda array: array[:2], r"float32 \[3, 3, 5\] expected, found float32 \[2, 3, 5\]"),
        ("scores", lambda array: array.astype(np.float64), r"float32 \[3, 3\] expected, found float64"),
        ("images", lambda array: array * np.float32("nan"), "values that are not finite"),
        ("images", lambda array: array[:0], r"\['n', 16, 16, 3\] expected"),
    ],
)
def test_unusable_golden_files_are_one_line(bundle: FilePath, name: str, change: object, reason: str) -> None:
    edit(bundle, name, change)
    with pytest.raises(BundleError, match=rf"{name}\.npy: .*{reason}"):
        outcome(bundle)


def test_bad_usage_is_one_line(tiny_bundle: FilePath) -> None:
    for arguments in ((), ("--self-test", "photo.png")):
        done = command("run", tiny_bundle, *arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done
        assert "give photos to classify, or --self-test and none" in done.stderr


@pytest.fixture(scope="module")
def int8_bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    folder, plan = tmp_path_factory.mktemp("int8") / "bundle", tiny_plan()
    calibration = Calibration(tiny_images(plan, 16), {"images": 16, "synthetic_seed": 1, "use": "speed only"})
    targets = ["sliced", "executorch", "litert", "onnx"]
    write_bundle(plan, folder, targets, {"random_seed": 0}, precision="int8", calibration=calibration)
    return folder


@pytest.mark.parametrize("backend", ["sliced", "executorch", "litert", "onnxruntime"])
def test_what_a_backend_rounds_by_itself_has_golden_outputs_of_its_own(int8_bundle: FilePath, backend: str) -> None:
    found = outcome(int8_bundle, backend)
    assert found.passed
    assert found.tolerance == 0.1
    assert max(path.relative_error for path in found.paths) < 1e-6  # on the machine that wrote them


def test_own_golden_outputs_are_looked_at(int8_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(int8_bundle, tmp_path / "bundle"))
    edit(bundle, "litert_logits", np.flip)
    assert not outcome(bundle, "litert").passed
    assert outcome(bundle, "onnxruntime").passed
    manifest = json.loads((bundle / "manifest.json").read_text())
    del manifest["golden"]["onnxruntime_scores"], manifest["golden"]["onnxruntime_logits"]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="no golden outputs of onnxruntime's own int8; convert it where that runtime is"):
        outcome(bundle, "onnxruntime")


def test_a_backend_that_is_not_installed_has_none(
    int8_bundle: FilePath, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = FilePath(shutil.copytree(int8_bundle, tmp_path / "bundle"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert {name.partition("_")[0] for name in own_arrays(bundle)} == {"executorch", "litert"}
