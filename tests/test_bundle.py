"""Opening a bundle that is damaged, incomplete or hostile: one line that names the file and the fix."""

import json
import shutil

import pytest
from tampering import rewrite

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
        (lambda m: m.update(version=1), "version 1, this release reads 2"),
        (lambda m: m.update(format="zip"), "not the manifest"),
        (lambda m: m.pop("paths"), "the manifest has no field 'paths'"),
        (lambda m: m.update(paths=[]), r"paths must be a list of 1 to 4096, found \[\]"),
        (lambda m: m["paths"][1].update(index=7), r"paths\[1\].index must be 1, found 7"),
        (lambda m: m["paths"][0].update(madds="many"), r"paths\[0\].madds must be an integer from 1 to \d+, found 'many'"),
        (lambda m: m["paths"].reverse(), r"paths\[0\].index must be 0, found 2"),
        (lambda m: m["paths"][1].update(choice=0), r"paths\[1\].choice must be above"),
        (lambda m: m.update(n_classes=0), "n_classes must be an integer from 1"),
        (lambda m: m["input"].update(height=-4), "input.height must be an integer from 1 to 8192, found -4"),
        (lambda m: m["input"].update(resize=10**900), "input.resize"),
        (lambda m: m["input"].update(width=True), "input.width"),
        (lambda m: m["input"].update(std=[1, 1, 0]), r"input.std\[2\] must be a number from 1e-06"),
        (lambda m: m["input"].update(mean=[0, 0]), r"input.mean must be three numbers from -1000 to 1000, found \[0, 0\]"),
        (lambda m: m["input"].update(mean=[0, 0, float("nan")]), "NaN is not JSON"),
        (lambda m: m["input"].update(interpolation="magic"), "input.interpolation must be one of bilinear, bicubic"),
        (lambda m: m["input"].update(extra="\n\x1b[2J"), "input has a field 'extra' that is unknown"),
        (lambda m: m.update(labels="../../etc/passwd"), "labels must be the name of a file inside the bundle"),
        (lambda m: m.update(labels="/etc/passwd"), "labels must be the name of a file inside the bundle"),
        (lambda m: m.update(labels="labels.txt\n"), "labels must be the name of a file inside the bundle"),
        (lambda m: m["backends"].update(sliced={"file": "a/../../b"}), "backends.sliced.file must be the name of a file inside"),
        (lambda m: m["backends"].update(litert={"prefix": "p"}), "backends.litert must be {file} or {prefix, gate, suffixes}"),
        (lambda m: m["backends"]["onnxruntime"]["suffixes"].pop(), "backends.onnxruntime has 2 suffixes for 3 paths"),
        (lambda m: m["backends"].update(tensorrt={"file": "a"}), "backends has a field 'tensorrt' that is unknown"),
        (lambda m: m["golden"].update(odd_logits="labels.txt"), "golden has a field 'odd_logits' that is unknown"),
        (lambda m: m["files"].update({"labels.txt": {}}), "files.labels.txt has no field 'bytes'"),
        (
            lambda m: m["files"].update({"../x\n": {"bytes": 1, "sha256": "0" * 64}}),
            "files has a name that cannot be a file's inside",
        ),
        (lambda m: m["files"].pop("labels.txt"), "files lists no file 'labels.txt'"),
        (lambda m: m["files"].pop("ncnn/gate.bin"), "files lists no file 'ncnn/gate.bin'"),
        (lambda m: m.update(n_classes=6), "5 labels for 6 classes"),
        (lambda m: m.update(files=[]), r"files must be an object, found \[\]"),
        (lambda m: m.update(precision="int8"), "calibration belongs to int8 and to nothing else, found none"),
        (lambda m: m.update(precision="fp16"), "golden has no field 'fp32_scores'"),
        (lambda m: m.update(source={"checkpoint": "c", "sha256": "0"}), "source must be {checkpoint, sha256} or {random_seed}"),
    ],
)
def test_hostile_manifests(bundle, change, reason):
    edit(bundle, change)
    with pytest.raises(BundleError, match=reason) as caught:
        open_bundle(bundle)
    assert str(bundle) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\x00", '{"version": ' + "9" * 5000 + "}"])
def test_manifests_that_are_no_json(bundle, text):
    (bundle / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        open_bundle(bundle)


def test_a_manifest_or_labels_in_no_known_encoding(bundle):
    rewrite(bundle, "labels.txt", b"\xff\xfe")
    with pytest.raises(BundleError, match=r"labels\.txt: not UTF-8"):
        open_bundle(bundle)
    (bundle / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(BundleError, match=r"manifest\.json: not a readable text file"):
        open_bundle(bundle)


@pytest.mark.parametrize("name", ["labels.txt", "model.dsnet", "litert", "manifest.json"])
def test_symbolic_links_out_of_the_bundle_are_refused(bundle, tmp_path, name):
    """The file itself, or a folder on the way to it; what they lead to has the right content."""
    (bundle / name).rename(tmp_path / name)
    (bundle / name).symlink_to(tmp_path / name)
    with pytest.raises(BundleError, match="symbolic link out of the bundle"):
        Runner(bundle, "litert").backend.bundle.file("model.dsnet")


def test_a_bundle_may_itself_be_a_link_and_hold_links(bundle, tmp_path):
    (bundle / "labels.txt").rename(bundle / "names.txt")
    (bundle / "labels.txt").symlink_to("names.txt")
    (tmp_path / "link").symlink_to(bundle)
    assert open_bundle(tmp_path / "link").labels[0] == "class 0"


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
    def shorten(manifest):
        manifest["paths"].pop()
        manifest["backends"] = {"sliced": manifest["backends"]["sliced"]}

    edit(bundle, shorten)
    with pytest.raises(BundleError, match="the manifest says"):
        Runner(bundle)
