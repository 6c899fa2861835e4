"""What a user of the aarch64 wheel gets: pip installs it on Debian 12, and `dsnet-edge run` answers as it does here.

`make test-arm64` builds the wheel and runs this. Everything on the ARM side is emulated: Debian's own Python and pip 23.0.1 (what
Raspberry Pi OS Bookworm has) in build/arm64-root, under qemu-user, as a Cortex-A72 (Pi 4) and a Cortex-A76 (Pi 5).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path as FilePath

import pytest

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.source import from_checkpoint
from dsnet_edge import demo

PROJECT = FilePath(__file__).resolve().parents[2]
ROOT = PROJECT / "build/arm64-root"
PIP = ROOT / "usr/share/python-wheels/pip-23.0.1-py3-none-any.whl/pip"
NEEDED = {"numpy", "pillow", "typer", "rich", "fastjsonschema"}
EXTRAS = {"torch", "executorch", "litert-torch", "ai-edge-litert", "onnx", "onnxruntime", "ncnn", "gguf", "safetensors"}
# Largest difference of a probability: sums of floats are split otherwise on another processor, and where a feature map is rounded
# after them, a value may come out one step away.
TOLERANCES = {"fp32": 1e-5, "int8": 0.01, "bf16": 0.01, "fp16": 0.01}


@pytest.fixture(scope="session")
def wheel():
    (file,) = (PROJECT / "dist").glob("*aarch64.whl")
    return file


@pytest.fixture(scope="session")
def site(wheel, tmp_path_factory):
    """The folder into which the wheel and its dependencies were installed by the emulated pip."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--target", folder, "--only-binary=:all:", "--no-compile", "--root-user-action=ignore")
    process = python(PIP, "install", "-q", *options, wheel)
    assert process.returncode == 0, process.stderr
    return folder


@pytest.fixture(scope="session", params=TOLERANCES)
def bundle(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / request.param
    source, photos = from_checkpoint(demo.CHECKPOINT), demo.photos()
    calibration = Calibration.from_folder(photos[0].parent, source.plan.input, len(photos))
    write_bundle(source.plan, folder, ("sliced",), source.description, precision=request.param, calibration=calibration)
    return folder


def python(*arguments, site=None, cpu="max"):
    """Runs the emulated Python, which sees the standard library and `site`; not this machine's packages."""
    command = ["qemu-aarch64", "-cpu", cpu, "-L", ROOT, ROOT / "usr/bin/python3.11", "-B", *arguments]
    environment = os.environ | {"PYTHONPATH": str(site or ""), "PYTHONNOUSERSITE": "1"}
    return subprocess.run([*map(str, command)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def names(requirements):
    return {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in requirements}


def test_the_tag_is_for_every_glibc_of_aarch64(wheel):
    assert set(wheel.stem.split("-")[-1].split(".")) == {"manylinux_2_17_aarch64", "manylinux2014_aarch64"}
    assert wheel.stem.split("-")[2:4] == ["cp311", "cp311"]


def test_it_brings_what_runs_networks_and_nothing_that_trains_or_converts_them(site):
    installed = {found.metadata["Name"].lower(): found for found in distributions(path=[str(site)])}
    wanted = [text for text in installed["dsnet-edge"].requires or () if "extra ==" not in text]
    assert names(wanted) == NEEDED
    assert installed.keys() >= NEEDED
    assert not installed.keys() & EXTRAS


def test_pip_finds_nothing_missing_or_in_conflict(site):
    process = python(PIP, "check", site=site)
    assert process.returncode == 0, process.stdout + process.stderr


def test_a_command_that_needs_an_extra_names_it(site, tmp_path):
    process = python(site / "bin/dsnet-edge", "convert", demo.CHECKPOINT, "-o", tmp_path / "bundle", site=site)
    assert process.returncode == 2
    assert "pip install 'dsnet-edge[convert]'" in process.stderr


@pytest.mark.parametrize("path", ["auto", "13"])
@pytest.mark.parametrize("cpu", ["cortex-a72", "cortex-a76"])
def test_photos_get_the_labels_and_paths_that_they_get_here(site, bundle, cpu, path):
    arguments = ("run", bundle, *demo.photos(), "--json", "--top", "10", "--path", path)
    process = python(site / "bin/dsnet-edge", *arguments, site=site, cpu=cpu)
    assert process.returncode == 0, process.stderr
    here = [*map(str, (sys.executable, "-m", "dsnet_edge", *arguments))]
    expected = json.loads(subprocess.run(here, check=True, capture_output=True, text=True).stdout)
    found = json.loads(process.stdout)
    assert len(found) == len(expected) == len(demo.photos()) >= 5
    for on_arm, on_host in zip(found, expected, strict=True):
        assert (on_arm["image"], on_arm["label"], on_arm["path"]) == (on_host["image"], on_host["label"], on_host["path"])
        probabilities = [{top["label"]: top["probability"] for top in answer["top"]} for answer in (on_arm, on_host)]
        assert len(probabilities[0]) == 10
        assert probabilities[0] == pytest.approx(probabilities[1], abs=TOLERANCES[bundle.name])
