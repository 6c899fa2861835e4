"""`dsnet-edge run` with a bias or a budget, as a user types it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_plan
from typer.testing import CliRunner

from dsnet_convert.bundle import write_bundle
from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import write_profile
from dsnet_edge.runtime import open_bundle
from profiles import profile, series


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A bundle, a profile of it, and photos."""
    folder = tmp_path_factory.mktemp("run")
    write_bundle(tiny_plan(), folder / "bundle", ["sliced"], {"random_seed": 0})
    measured = dataclasses.replace(profile(), bundle=open_bundle(folder / "bundle").info, series=(series(ms=(1.0, 1.5, 2.0)),))
    write_profile(measured, folder / "here.json")
    generator = np.random.default_rng(0)
    for index in range(3):
        Image.fromarray((generator.random((20, 20, 3)) * 255).astype(np.uint8)).save(folder / f"{index}.png")
    return folder


def run(place, *arguments: object) -> str:
    photos = sorted(place.glob("*.png"))
    words = ["run", place / "bundle", *photos, "--threads", 1, *arguments]
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("bias", "path"), [(1000, 0), (-1000, 2)])
def test_a_large_bias_takes_every_photo_to_one_end(place, bias, path):
    records = json.loads(run(place, "--bias", bias, "--json"))
    assert [(record["path"], record["bias"], record["spent"]) for record in records] == [(path, bias, None)] * 3


def test_the_table_says_what_the_budget_came_to(place):
    records = json.loads(run(place, "--budget-ms", 1.4, "--profile", place / "here.json", "--json"))
    spent = np.mean([(1.0, 1.5, 2.0)[record["path"]] for record in records])
    assert records[-1]["spent"] == pytest.approx(spent)
    said = " ".join(run(place, "--budget-ms", 1.4, "--profile", place / "here.json").split())
    assert f"budget of 1.4 ms: {spent:.3g} ms a photo so far" in said
    said = " ".join(run(place, "--budget-ms", 5, "--profile", place / "here.json").split())
    assert "more than the widest path costs" in said


def test_a_fixed_path_and_a_bias_contradict_each_other(place):
    with pytest.raises(DsnetError, match="leave one out"):
        run(place, "--bias", 1, "--path", 1)


def test_heat_can_only_lower_a_budget(place):
    assert len(json.loads(run(place, "--budget-ms", 2, "--profile", place / "here.json", "--thermal", "--json"))) == 3
    with pytest.raises(DsnetError, match="give a budget and a profile"):
        run(place, "--thermal")
