"""`verify --against`: the trained network in PyTorch as the reference, and which checkpoints may stand for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from PIL import Image
from tiny import random_state, tiny_arch, tiny_images

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.source import from_checkpoint
from dsnet_convert.verify import verify_bundle
from dsnet_edge.arch import Arch, Gate
from dsnet_edge.errors import BundleError
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, write_checkpoint

SPEC = InputSpec(16, 16, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 16)


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


def checkpoint(file: FilePath, arch: Arch | None = None, seed: int = 0, spec: InputSpec = SPEC) -> FilePath:
    arch = arch or tiny_arch()
    labels = tuple(f"class {index}" for index in range(arch.n_classes))
    write_checkpoint(Checkpoint(arch, spec, labels, random_state(arch, np.random.default_rng(seed))), file)
    return file


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    return checkpoint(tmp_path_factory.mktemp("checkpoint") / "net.safetensors")


@pytest.fixture(scope="module")
def bundle(net: FilePath) -> FilePath:
    source = from_checkpoint(net)
    write_bundle(source.plan, net.parent / "bundle", ["sliced", "onnx", "ncnn"], source.description)
    return net.parent / "bundle"


@pytest.fixture
def photos(tmp_path: FilePath) -> list[FilePath]:
    generator = np.random.default_rng(0)
    files = [tmp_path / f"{index}.png" for index in range(11)]  # more than one batch
    for file in files:
        Image.fromarray(generator.integers(0, 256, (20, 24, 3), np.uint8)).save(file)
    return files


def test_every_backend_agrees_with_pytorch_on_photos(net: FilePath, bundle: FilePath, photos: list[FilePath]) -> None:
    report = verify_bundle(bundle, photos, against=net)
    assert report.passed
    assert (report.images, report.warnings) == (11, ())
    assert report.references == {"checkpoint": "PyTorch with net.safetensors"}
    assert [comparison.backend for comparison in report.comparisons] == ["sliced", "onnxruntime", "ncnn"]
    for comparison in report.comparisons:
        assert comparison.tolerance == 1e-4
        assert all(0 < result.difference.relative_error < 1e-5 for result in comparison.paths)
        assert comparison.gate.all_right
    done = command("verify", bundle, "--against", net)
    assert done.returncode == 0, done.stderr
    assert "PyTorch with net.safetensors" in done.stdout


def test_paths_are_matched_by_their_choice(net: FilePath, tmp_path: FilePath) -> None:
    source = from_checkpoint(net)
    write_bundle(source.plan.restrict(1, 3), tmp_path / "bundle", ["sliced"], source.description)
    report = verify_bundle(tmp_path / "bundle", against=net)
    assert report.passed
    assert len(report.of("sliced", "checkpoint").paths) == 2


def test_the_scalar_gate_agrees_too(tmp_path: FilePath) -> None:
    file = checkpoint(tmp_path / "net.safetensors", replace(tiny_arch(), gates=(Gate(2, 3, bias=True, design="scalar"),)))
    source = from_checkpoint(file)
    write_bundle(source.plan, tmp_path / "bundle", ["sliced"], source.description)
    assert verify_bundle(tmp_path / "bundle", against=file).passed


def test_int8_is_reported_against_pytorch_for_every_backend(net: FilePath, tmp_path: FilePath, photos: list[FilePath]) -> None:
    source = from_checkpoint(net)
    calibration = Calibration(tiny_images(source.plan, 16), {"images": 16, "synthetic_seed": 1, "use": "speed only"})
    folder = tmp_path / "bundle"
    write_bundle(source.plan, folder, ["sliced", "onnx"], source.description, precision="int8", calibration=calibration)
    report = verify_bundle(folder, photos, against=net)
    assert report.passed
    for backend in ("sliced", "onnxruntime"):
        comparison = report.of(backend, "checkpoint")
        assert comparison.tolerance is None
        assert all(10 < result.difference.snr_db < 60 for result in comparison.paths)
    alone = command("verify", folder, "--backend", "onnxruntime", "--images", photos[0])
    assert alone.returncode == 2
    assert "the int8 of onnxruntime has no oracle; give --against CHECKPOINT" in alone.stderr
    mixed = verify_bundle(folder, photos[:2])
    assert [comparison.backend for comparison in mixed.comparisons] == ["sliced"]
    assert "onnxruntime: int8 of their own" in mixed.warnings[0]


def test_other_weights_of_the_same_network_are_a_warning_and_a_miss(bundle: FilePath, tmp_path: FilePath) -> None:
    done = command("verify", bundle, "--against", checkpoint(tmp_path / "other.safetensors", seed=1))
    assert done.returncode == 1, done.stderr
    assert "warning: other.safetensors is another file than the bundle was made from" in done.stdout
    assert "MISSED: sliced against checkpoint" in done.stdout


def test_the_same_weights_in_another_file_are_a_warning(net: FilePath, bundle: FilePath, tmp_path: FilePath) -> None:
    copy = FilePath(shutil.copy(net, tmp_path / "copy.safetensors"))
    copy.write_bytes(copy.read_bytes().replace(b"class 0", b"class 9"))
    report = verify_bundle(bundle, against=copy)
    assert report.passed
    assert "of the same network" in report.warnings[0]


@pytest.mark.parametrize(
    ("arch", "spec", "reason"),
    [
        (replace(tiny_arch(), name="other"), SPEC, "it holds other with 5 classes, not tiny with 5"),
        (replace(tiny_arch(), n_classes=4), SPEC, "it holds tiny with 4 classes, not tiny with 5"),
        (tiny_arch(n_paths=2), SPEC, r"path 2 has multiply-adds and parameters \(\d+, \d+\), found no such choice"),
        (replace(tiny_arch(), blocks=tiny_arch().blocks[:3]), SPEC, r"path 0 has multiply-adds and parameters"),
        (tiny_arch(), replace(SPEC, resize=20), "it takes InputSpec"),
    ],
)
def test_the_checkpoint_of_another_network_is_refused(
    bundle: FilePath, tmp_path: FilePath, arch: Arch, spec: InputSpec, reason: str
) -> None:
    with pytest.raises(BundleError, match=rf"is not the checkpoint that .* was made from: {reason}.*give that one") as caught:
        verify_bundle(bundle, against=checkpoint(tmp_path / "other.safetensors", arch, spec=spec))
    assert "\n" not in str(caught.value)


def test_no_checkpoint_is_one_line(bundle: FilePath, tmp_path: FilePath) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    for file, reason in ((tmp_path / "absent", "no such checkpoint"), (tmp_path / "bad.safetensors", "not a readable")):
        done = command("verify", bundle, "--against", file)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done
        assert reason in done.stderr
