"""Bundles of another precision than fp32: converted, verified and described."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from PIL import Image
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.photos import sample_photos
from dsnet_convert.sliced import write_sliced
from dsnet_convert.verify import Floors, verify_bundle
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.oracle import infer
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.runtime import Runner, open_bundle

SOURCE = {"random_seed": 0}


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def int8_bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    folder = tmp_path_factory.mktemp("int8") / "bundle"
    plan = tiny_plan()
    calibration = Calibration(tiny_images(plan, 8), {"images": 8, "synthetic_seed": 1, "use": "speed only"})
    write_bundle(plan, folder, ["sliced"], SOURCE, precision="int8", calibration=calibration)
    return folder


@pytest.fixture
def photos(tmp_path: FilePath) -> FilePath:
    """Six photos in two sub-folders, and files that are none."""
    generator = np.random.default_rng(0)
    for name in ("cats/0.png", "cats/1.png", "cats/2.png", "dogs/0.PNG", "dogs/1.png", "dogs/2.png"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (4, 5, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(file)
    (tmp_path / "photos" / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "photos" / "cats" / "._0.png").write_bytes(b"what macOS leaves beside a photo")
    (tmp_path / "photos" / "album.jpg").mkdir()
    return tmp_path / "photos"


def test_the_native_runtime_equals_the_int8_oracle(int8_bundle: FilePath) -> None:
    report = verify_bundle(int8_bundle)
    assert report.passed
    assert report.precision == "int8"
    assert [result.path for result in report.of("sliced", "oracle").paths] == [0, 1, 2]
    assert report.of("sliced", "oracle").gate.same == report.images
    numpy = verify_bundle(int8_bundle, backends=["numpy"])
    assert max(result.difference.relative_error for result in numpy.of("numpy", "oracle").paths) == 0


def test_verify_says_what_int8_costs_against_fp32(int8_bundle: FilePath) -> None:
    report, exact = verify_bundle(int8_bundle), tiny_plan()
    images = np.load(int8_bundle / "golden" / "images.npy")
    runner = Runner(int8_bundle)
    comparison = report.of("sliced", "fp32")
    assert comparison.tolerance is None
    for result, path in zip(comparison.paths, exact.program.paths, strict=True):
        expected = infer(exact, images, path)[0].astype(float)
        found, _ = runner.logits(images, result.path)
        assert result.difference.snr_db == pytest.approx(10 * np.log10((expected**2).sum() / ((found - expected) ** 2).sum()))
        assert 20 < result.difference.snr_db < 60
        assert 0.001 < result.difference.relative_error < 0.1
    done = command("verify", int8_bundle)
    assert done.returncode == 0, done.stderr
    assert "fp32: the fp32 network" in done.stdout


def test_floors_make_the_cost_of_int8_a_criterion(int8_bundle: FilePath) -> None:
    worst = min(result.difference.snr_db for result in verify_bundle(int8_bundle).of("sliced", "fp32").paths)
    assert verify_bundle(int8_bundle, floors=Floors(snr_db=worst)).passed
    missed = verify_bundle(int8_bundle, floors=Floors(snr_db=worst + 0.1))
    assert [comparison.reference for comparison in missed.comparisons if not comparison.passed] == ["fp32"]
    done = command("verify", int8_bundle, "--min-agreement", 100, "--min-snr", 99)
    assert done.returncode == 1, done.stderr
    assert "MISSED: sliced against fp32" in done.stdout


def test_floors_need_the_fp32_network(int8_bundle: FilePath, photos: FilePath) -> None:
    done = command("verify", int8_bundle, "--min-snr", 20, "--images", photos)
    assert done.returncode == 2, done
    assert "compare with the fp32 network; give --against CHECKPOINT" in done.stderr


def test_other_weights_and_a_damaged_reference_show(int8_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(int8_bundle, tmp_path / "bundle"))
    report = verify_bundle(bundle)
    other = tiny_plan(seed=1)
    write_sliced(quantize(other, calibrate(other, tiny_images(other))), tmp_path / "other.dsnet")
    rewrite(bundle, "model.dsnet", (tmp_path / "other.dsnet").read_bytes())
    worse = verify_bundle(bundle)
    before, after = (found.of("sliced", "fp32").paths[0].difference.snr_db for found in (report, worse))
    assert after < before - 10
    np.save(tmp_path / "short.npy", np.zeros((3, 1, 5), np.float32))
    rewrite(bundle, "golden/fp32_logits.npy", (tmp_path / "short.npy").read_bytes())
    with pytest.raises(BundleError, match=r"fp32_logits.npy: float32 \[3, 3, 5\] expected, found float32 \[3, 1, 5\]"):
        verify_bundle(bundle)


def test_a_calibrated_conversion_describes_itself(tmp_path: FilePath, photos: FilePath) -> None:
    arguments = ("--arch", "dsmbnet14-32", "--random", 0, "--paths", "0:3", "--to", "sliced", "--precision", "int8")
    done = command("convert", *arguments, "--calibrate", photos, "--samples", 4, "-o", tmp_path / "bundle")
    assert done.returncode == 0, done.stderr
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.precision == "int8"
    used = [photos / name for name in ("cats/0.png", "cats/1.png", "dogs/0.PNG", "dogs/1.png")]
    assert sample_photos(photos, 4) == used
    digests = "".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in used)
    fingerprint = hashlib.sha256(digests.encode()).hexdigest()
    assert bundle.manifest["calibration"] == {"images": 4, "sha256": fingerprint, "ranges": "variance"}
    assert bundle.manifest["golden"]["fp32_logits"] == "golden/fp32_logits.npy"
    inspected = json.loads(command("inspect", tmp_path / "bundle", "--json").stdout)
    assert inspected["arena_bytes"] == bundle.manifest["arena_bytes"] < (tmp_path / "bundle" / "model.dsnet").stat().st_size


def test_random_weights_may_be_calibrated_on_noise(tmp_path: FilePath) -> None:
    arguments = ("--arch", "dsmbnet14-32", "--random", 0, "--paths", "0:2", "--to", "sliced", "--samples", 4)
    done = command("convert", *arguments, "--precision", "int8", "--ranges", "mse", "-o", tmp_path / "bundle")
    assert done.returncode == 0, done.stderr
    manifest = open_bundle(tmp_path / "bundle").manifest
    assert manifest["calibration"] == {"images": 4, "synthetic_seed": 0, "use": "speed only", "ranges": "mse"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--to", "sliced,executorch", "--precision", "bf16"), "--to executorch writes fp32, fp16, int8, not bf16; choose"),
        (("--to", "sliced", "--precision", "int4"), "there is no precision 'int4'; choose from fp32, int8, bf16, fp16"),
        (("--to", "sliced", "--ranges", "entropy"), "--ranges: there is no range estimator 'entropy'; choose from variance, mse"),
        (("--to", "sliced", "--calibrate", "."), "--calibrate is for --precision int8"),
        (("--to", "sliced", "--precision", "int8", "--calibrate", "{empty}"), "no images"),
        (("--to", "sliced", "--precision", "int8", "--calibrate", "{broken}"), "broken.png: not a readable image"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: FilePath, arguments: tuple[str, ...], reason: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "broken.png").write_bytes(b"no photo")
    filled = [word.format(empty=tmp_path / "empty", broken=tmp_path / "broken") for word in arguments]
    done = command("convert", "--arch", "dsmbnet14-32", "--random", 0, *filled, "-o", tmp_path / "bundle")
    assert done.returncode == 2, done
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "bundle").exists()


def test_int8_without_photos_names_the_fix(tmp_path: FilePath) -> None:
    with pytest.raises(DsnetError, match="--precision int8 needs --calibrate DIR"):
        write_bundle(tiny_plan(), tmp_path / "bundle", ["sliced"], SOURCE, precision="int8")
    assert not list(tmp_path.iterdir())


def test_an_unknown_precision_in_the_manifest_is_refused(int8_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(int8_bundle, tmp_path / "bundle"))
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | {"precision": "int4"}))
    with pytest.raises(BundleError, match="precision must be one of fp32, int8, bf16, fp16, found 'int4'"):
        open_bundle(bundle)
