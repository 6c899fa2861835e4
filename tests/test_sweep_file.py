"""Sweeps as files: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

import pytest
from sweeps import sweep

from dsnet_edge.profile import SweepError, read_sweep, write_sweep
from dsnet_edge.profile.sweep import SWEEP

SCHEMA = FilePath(__file__).parents[1] / "profiles/sweep.schema.json"


def test_a_sweep_is_read_as_it_was_written(tmp_path):
    write_sweep(sweep(), tmp_path / "a.json")
    assert read_sweep(tmp_path / "a.json") == sweep()


def test_the_committed_sweeps_are_readable():
    found = {file.stem: read_sweep(file) for file in (SCHEMA.parent / "sweeps").glob("*.json")}
    assert found["dsmbnet14-32"].images == 5000


def test_the_committed_schema_is_that_of_the_values():
    assert json.loads(SCHEMA.read_text()) == SWEEP.schema()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(format="dsnet-edge profile"), "not a dsnet-edge sweep"),
        (lambda record: record.update(version=2), "version 2"),
        (lambda record: record.update(surprise=1), "surprise"),
        (lambda record: record.update(static_accuracy=[1, 2]), "static_accuracy"),
        (lambda record: record.update(static_accuracy=[1, 2, 101]), "static_accuracy"),
        (lambda record: record.update(dynamic=[]), "dynamic"),
        (lambda record: record["dynamic"][1].update(shares=[1.0]), "dynamic[1].shares"),
        (lambda record: record["dynamic"][1].update(shares=[0.5, 0.1, 0.1]), "add up to one"),
        (lambda record: record["dynamic"][1].update(bias=-9), "dynamic[1].bias"),
        (lambda record: record["dynamic"][1].update(accuracy="all"), "dynamic[1].accuracy"),
        (lambda record: record["bundle"].update(choices=[0]), "bundle.choices"),
    ],
)
def test_what_is_no_sweep_is_refused_with_its_field(tmp_path, change, said):
    file = tmp_path / "a.json"
    write_sweep(sweep(), file)
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))
    with pytest.raises(SweepError) as error:
        read_sweep(file)
    assert said in str(error.value) and str(file) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(SweepError, match="dsnet-edge sweep BUNDLE"):
        read_sweep(tmp_path / "none.json")
