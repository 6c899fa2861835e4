"""Opening a bundle that is damaged, incomplete or hostile: one line that names the file and the fix."""

import json
import shutil

import pytest

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime import Runner, open_bundle


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def edit(bundle, change):
    file = bundle / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["model.dsnet", "labels.txt", "model.pte", "litert/prefix.tflite", "litert/suffix_01.tflite"])
@pytest.mark.parametrize("damage", ["missing", "shorter", "flipped"])
def test_every_file_is_checked_before_it_is_used(bundle, name, damage):
    file = bundle / name
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "shorter":
        file.write_bytes(data[:-1])
    else:
        data[len(data) // 2] ^= 4
        file.write_bytes(data)
    backend = "executorch" if name.endswith(".pte") else "litert" if name.startswith("litert") else "sliced"
    reason = {"missing": "the file is missing", "shorter": "bytes, the manifest says", "flipped": "SHA-256"}[damage]
    with pytest.raises(BundleError, match=reason) as caught:
        Runner(bundle, backend).backend.bundle.file(name)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(version=2), "version 2"),
        (lambda m: m.update(format="zip"), "not the manifest"),
        (lambda m: m.pop("paths"), "no field 'paths'"),
        (lambda m: m.update(paths=[]), "non-empty"),
        (lambda m: m["paths"][1].update(index=7), r"paths\[1\]"),
        (lambda m: m["paths"][0].update(madds="many"), r"paths\[0\]"),
        (lambda m: m.update(n_classes=0), "n_classes"),
        (lambda m: m["input"].update(height=-4), "input sizes"),
        (lambda m: m["input"].update(resize=10**9), "input sizes"),
        (lambda m: m["input"].update(std=[1, 1, 0]), "std"),
        (lambda m: m["input"].update(mean=[0, 0]), "three numbers"),
        (lambda m: m["input"].update(interpolation="magic"), "interpolation"),
        (lambda m: m.update(labels="../../etc/passwd"), "leaves the bundle"),
        (lambda m: m.update(labels="/etc/passwd"), "leaves the bundle"),
        (lambda m: m["files"].update({"labels.txt": {}}), "no field 'bytes'"),
        (lambda m: m["files"].pop("labels.txt"), "lists no file"),
        (lambda m: m.update(n_classes=6), "5 labels for 6 classes"),
        (lambda m: m.update(files=[]), "objects"),
    ],
)
def test_hostile_manifests(bundle, change, reason):
    edit(bundle, change)
    with pytest.raises(BundleError, match=reason) as caught:
        open_bundle(bundle)
    assert str(bundle) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\x00"])
def test_manifests_that_are_no_json(bundle, text):
    (bundle / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        open_bundle(bundle)


def test_folders_that_are_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="it has no manifest"):
        open_bundle(tmp_path)
    with pytest.raises(BundleError, match="no such folder"):
        open_bundle(tmp_path / "absent")


def test_a_backend_that_was_not_converted_is_named(bundle):
    edit(bundle, lambda m: m["backends"].pop("litert"))
    with pytest.raises(
        BundleError, match=r"no files for the litert backend, only for sliced, executorch, onnxruntime, ncnn; .*--to litert"
    ):
        Runner(bundle, "litert")


def test_a_model_of_another_network_is_refused(bundle):
    edit(bundle, lambda m: m["paths"].pop())
    with pytest.raises(BundleError, match="the manifest says"):
        Runner(bundle)
