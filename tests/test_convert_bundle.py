"""Bundles: what is in them, and that they are whole or absent."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert import bundle as bundle_module
from dsnet_convert import swap
from dsnet_convert.bundle import write_bundle
from dsnet_convert.workers import Workers
from dsnet_edge.errors import BundleError, DsnetError, MissingExtraError
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import infer
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.bundle import open_bundle

SOURCE = {"random_seed": 0}


def assert_whole(folder: FilePath) -> None:
    """Every file of the bundle is there with the hash its manifest gives, and no other."""
    bundle = open_bundle(folder)
    for name in bundle.manifest["files"]:
        bundle.file(name)
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert found == {"manifest.json", *bundle.manifest["files"]}


def names(folder: FilePath) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def digest(folder: FilePath) -> str:
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_the_manifest_describes_the_plan(tiny_bundle: FilePath) -> None:
    assert_whole(tiny_bundle)
    manifest, plan = open_bundle(tiny_bundle).manifest, tiny_plan()
    assert manifest["source"] == SOURCE
    assert manifest["arena_bytes"] == plan.arena_bytes
    assert [path["madds"] for path in manifest["paths"]] == [plan.program.madds(path) for path in plan.program.paths]
    assert [path["channels"] for path in manifest["paths"]] == [[8, 12, width, width] for width in (12, 16, 20)]
    assert set(manifest["backends"]) == {"sliced", "executorch", "litert", "onnxruntime", "ncnn"}
    assert {"executorch", "litert-torch", "onnx", "gguf", "torch", "dsnet-edge"} <= set(manifest["tools"])
    assert manifest["segments"]["gate"]["madds"] == plan.program.madds(plan.program.paths[0], "gate")


def test_golden_outputs_are_the_oracles(tiny_bundle: FilePath) -> None:
    plan = read_sliced(tiny_bundle / "model.dsnet")
    images, scores, logits = (np.load(tiny_bundle / "golden" / f"{name}.npy") for name in ("images", "scores", "logits"))
    for index, path in enumerate(plan.program.paths):
        expected, expected_scores = infer(plan, images, path)
        np.testing.assert_array_equal(logits[index], expected)
        np.testing.assert_array_equal(scores, expected_scores)
    assert len(np.unique(scores.round(4))) > len(images)


def test_a_bundle_replaces_a_bundle(tmp_path: FilePath) -> None:
    output = tmp_path / "bundle"
    write_bundle(tiny_plan(), output, ["sliced"], SOURCE)
    before = digest(output)
    write_bundle(tiny_plan(seed=1), output, ["sliced"], {"random_seed": 1})
    assert digest(output) != before
    assert_whole(output)
    assert names(tmp_path) == ["bundle"]


def test_without_an_atomic_exchange_the_old_folder_is_set_aside(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "_exchange", lambda first, second: False)
    test_a_bundle_replaces_a_bundle(tmp_path)


def test_a_folder_left_aside_is_put_back(tmp_path: FilePath) -> None:
    """Killed between the two renames of a file system without an exchange."""
    output = tmp_path / "bundle"
    write_bundle(tiny_plan(), output, ["sliced"], SOURCE)
    output.rename(tmp_path / ".bundle.aside")
    swap.remove_leftovers(output)
    assert_whole(output)


def test_a_failing_conversion_leaves_the_old_bundle(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "bundle"
    write_bundle(tiny_plan(), output, ["sliced"], SOURCE)
    before = digest(output)

    def fail(*arguments: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(bundle_module, "make_manifest", fail)
    with pytest.raises(DsnetError, match="no space"):
        write_bundle(tiny_plan(seed=1), output, ["sliced"], {"random_seed": 1})
    assert digest(output) == before
    assert_whole(output)
    assert names(tmp_path) == ["bundle"]


_CONVERT_FOREVER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from tiny import tiny_plan
from dsnet_convert import bundle
bundle.make_manifest = lambda *arguments: time.sleep(600)
bundle.write_bundle(tiny_plan(seed=1), Path({output!r}), ["sliced"], {{"random_seed": 1}})
"""


def test_a_killed_conversion_leaves_the_old_bundle_and_the_next_cleans_up(tmp_path: FilePath) -> None:
    output = tmp_path / "bundle"
    write_bundle(tiny_plan(), output, ["sliced"], SOURCE)
    before = digest(output)
    code = _CONVERT_FOREVER.format(tests=str(FilePath(__file__).parent), output=str(output))
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        while not list(tmp_path.glob(".bundle.staging-*/golden/logits.npy")):
            assert process.poll() is None
            time.sleep(0.05)
        swap.remove_leftovers(output)
        assert list(tmp_path.glob(".bundle.staging-*")), "a folder in use was removed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert digest(output) == before
    assert_whole(output)
    assert list(tmp_path.glob(".bundle.staging-*"))
    write_bundle(tiny_plan(seed=2), output, ["sliced"], {"random_seed": 2})
    assert_whole(output)
    assert names(tmp_path) == ["bundle"]


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: FilePath) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(BundleError, match="exists and is not a bundle"):
        write_bundle(tiny_plan(), tmp_path, ["sliced"], SOURCE)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_unknown_target_and_a_label_of_two_lines_are_refused(tmp_path: FilePath) -> None:
    with pytest.raises(DsnetError, match="no target 'tensorrt'"):
        write_bundle(tiny_plan(), tmp_path / "bundle", ["tensorrt"], SOURCE)
    plan = tiny_plan()
    with pytest.raises(DsnetError, match="label 0"):
        write_bundle(replace(plan, labels=("two\nlines", *plan.labels[1:])), tmp_path / "bundle", ["sliced"], SOURCE)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("target", "module", "extra"),
    [
        ("sliced", "gguf", "convert"),
        ("executorch", "executorch", "executorch"),
        ("executorch", "torchao", "executorch"),
        ("litert", "litert_torch", "litert"),
        ("litert", "ai_edge_litert", "litert"),
        ("litert", "ai_edge_quantizer", "litert"),
        ("onnx", "onnx", "onnx"),
        ("onnx", "onnxruntime", "onnx"),
    ],
)
def test_a_missing_extra_is_named(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, target: str, module: str, extra: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"^{module} is not installed .*dsnet-edge\[{extra}\]"):
        write_bundle(tiny_plan(), tmp_path / "bundle", [target], SOURCE)
    assert names(tmp_path) == []


def test_a_worker_that_fails_says_which_job(tmp_path: FilePath) -> None:
    plan = tiny_plan(tiny_arch(2))
    expected = pytest.raises(DsnetError, match="converting litert suffix_99 ended with exit code 1: StopIteration")
    with Workers(plan, tmp_path) as workers, expected:
        workers.run([("litert", "suffix_99")], lambda job: None)


def test_a_split_bundle_has_a_program_a_stage(tmp_path: FilePath) -> None:
    write_bundle(tiny_plan(tiny_arch(2)), tmp_path / "bundle", ["executorch"], SOURCE, merged=())
    assert_whole(tmp_path / "bundle")
    assert open_bundle(tmp_path / "bundle").backend_files("executorch") == {
        "prefix": "executorch/prefix.pte",
        "gate": "executorch/gate.pte",
        "suffixes": ["executorch/suffix_00.pte", "executorch/suffix_01.pte"],
    }
    with pytest.raises(DsnetError, match="ncnn has no form of one file"):
        write_bundle(tiny_plan(), tmp_path / "other", ["ncnn"], SOURCE, merged=["ncnn"])


def test_litert_in_one_file_answers_as_in_many(tmp_path: FilePath) -> None:
    plan = tiny_plan(tiny_arch(2))
    write_bundle(plan, tmp_path / "many", ["litert"], SOURCE)
    write_bundle(plan, tmp_path / "one", ["litert"], SOURCE, merged=["litert"])
    assert_whole(tmp_path / "one")
    assert open_bundle(tmp_path / "one").backend_files("litert") == {"file": "model.tflite"}
    many, one = (Runner(tmp_path / name, "litert") for name in ("many", "one"))
    for image in tiny_images(plan):
        for path in range(2):
            expected, found = many.infer(image, path), one.infer(image, path)
            np.testing.assert_array_equal(found.logits, expected.logits)
            np.testing.assert_array_equal(found.scores, expected.scores)


def test_photos_become_golden_images(tmp_path: FilePath) -> None:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    write_bundle(tiny_plan(), tmp_path / "bundle", ["sliced"], SOURCE, photos=[tmp_path / "photo.png"])
    assert np.load(tmp_path / "bundle" / "golden" / "images.npy").shape == (1, 16, 16, 3)
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["golden"]["images"] == "golden/images.npy"
