"""The commands as a user types them."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dsnet_edge import demo


def dsnet_edge(*arguments, check=0):
    result = subprocess.run(
        [sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == check, result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout if check == 0 else result.stderr


@pytest.fixture
def photo(tmp_path):
    Image.fromarray((np.random.default_rng(0).random((50, 60, 3)) * 255).astype(np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_inspect_prints_the_published_table():
    rows = json.loads(dsnet_edge("inspect", "dsmbnet14", "--json"))
    assert [round(row["madds"] / 1e6) for row in rows["paths"]][:14] == [
        133, 153, 175, 200, 226, 255, 286, 319, 355, 393, 433, 475, 519, 565,
    ]  # fmt: skip
    assert rows["paths"][14]["name"] == "teacher"
    assert "819.88" in dsnet_edge("inspect", "dsmbnet14")


def test_inspect_reads_checkpoints_and_bundles(tiny_bundle):
    assert json.loads(dsnet_edge("inspect", tiny_bundle, "--json"))["network"] == "tiny"
    assert json.loads(dsnet_edge("inspect", demo.CHECKPOINT, "--json"))["network"] == "dsmbnet14-32"


@pytest.mark.parametrize("backend", ["sliced", "litert"])
def test_run_prints_json(tiny_bundle, photo, backend):
    (record,) = json.loads(dsnet_edge("run", tiny_bundle, photo, "--json", "--backend", backend, "--top", 3))
    assert record["label"] == record["top"][0]["label"]
    assert len(record["top"]) == 3
    assert record["path"] == int(np.argmax(record["scores"]))
    assert min(record[f"{stage}_ms"] for stage in ("preprocess", "prefix", "gate", "suffix")) > 0


def test_run_prints_a_table_and_takes_a_path(tiny_bundle, photo):
    output = dsnet_edge("run", tiny_bundle, photo, "--path", 2)
    assert "photo.png" in output
    assert "path fixed by the caller" in output


@pytest.mark.parametrize(
    ("backend", "package"), [("sliced", "dsnet_edge"), ("onnxruntime", "onnxruntime"), ("ncnn", "ncnn"), ("numpy", "numpy")]
)
def test_run_says_what_runs_the_network(tiny_bundle, photo, backend, package):
    version = importlib.import_module(package).__version__
    (record,) = json.loads(dsnet_edge("run", tiny_bundle, photo, "--json", "--backend", backend))
    assert record["runtime"].startswith(f"{package} {version}")
    assert f"{package} {version}" in dsnet_edge("run", tiny_bundle, photo, "--backend", backend)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "BUNDLE", "PHOTO", "--path", "3"], "paths 0 to 2"),
        (["run", "BUNDLE", "PHOTO", "--path", "wide"], "path index or auto"),
        (["run", "BUNDLE", "PHOTO", "--backend", "onnx"], "choose one of"),
        (["run", "BUNDLE", "BUNDLE/labels.txt"], "not a readable image"),
        (["run", "BUNDLE", "nowhere.jpg"], "no such file"),
        (["run", "nowhere", "PHOTO"], "no such folder"),
        (["inspect", "resnet"], "the presets are dsmbnet14"),
        (["inspect", "PHOTO"], "photo.png"),
        (["convert", "PHOTO", "-o", "OUT"], "photo.png"),
        (["verify", "nowhere"], "no such folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, reason, tiny_bundle, photo, tmp_path):
    places = {"BUNDLE": str(tiny_bundle), "PHOTO": str(photo), "OUT": str(tmp_path / "out")}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    error = dsnet_edge(*arguments, check=2)
    assert reason in error
    assert len(error.strip().splitlines()) == 1
    assert error.startswith("error: ")


def test_a_bad_photo_does_not_hide_the_good_ones(tiny_bundle, photo, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    result = subprocess.run(
        [sys.executable, "-m", "dsnet_edge", "run", str(tiny_bundle), str(tmp_path / "bad.jpg"), str(photo), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "bad.jpg" in result.stderr
    assert json.loads(result.stdout)[0]["image"] == str(photo)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["inspect", "CHECKPOINT"], "convert"),
        (["convert", "CHECKPOINT", "-o", "OUT"], "convert"),
        (["convert", "--arch", "dsmbnet14-32", "--random", "0", "-o", "OUT", "--to", "executorch"], "executorch"),
        (["convert", "--arch", "dsmbnet14-32", "--random", "0", "-o", "OUT", "--to", "litert"], "litert"),
        (["verify", "BUNDLE"], "convert"),
        (["run", "BUNDLE", "PHOTO", "--backend", "executorch"], "executorch"),
        (["run", "BUNDLE", "PHOTO", "--backend", "litert"], "litert"),
        (["run", "BUNDLE", "PHOTO", "--backend", "numpy"], "convert"),
        (["train", "supernet", "recipe.toml", "-o", "OUT"], "train"),
        (["quickstart", "-o", "OUT"], "plot"),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(arguments, extra, tiny_bundle, photo, tmp_path):
    """In an interpreter that has the core's packages only."""
    places = {"BUNDLE": tiny_bundle, "PHOTO": photo, "OUT": tmp_path / "out", "CHECKPOINT": demo.CHECKPOINT}
    for name, place in places.items():
        arguments = [argument.replace(name, str(place)) for argument in arguments]
    program = """
import sys
class Refuse:
    def find_spec(self, name, *rest):
        extras = "torch torchvision executorch litert_torch ai_edge_litert tflite_runtime gguf safetensors matplotlib"
        if name.split(".")[0] in extras.split():
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Refuse())
from dsnet_edge.cli import main
main()
"""
    result = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    assert f"pip install 'dsnet-edge[{extra}]'" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
