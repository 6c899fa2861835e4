"""Profiles as files: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path as FilePath

import pytest

from dsnet_edge.profile import ProfileError, read_profile, read_sweep, write_profile
from dsnet_edge.profile.file import PROFILE
from profiles import profile, series

SCHEMA = FilePath(__file__).parents[1] / "profiles/profile.schema.json"


def test_a_profile_is_read_as_it_was_written(tmp_path):
    write_profile(profile(), tmp_path / "deep/a.json")
    assert read_profile(tmp_path / "deep/a.json") == profile()
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_the_committed_schema_is_that_of_the_values():
    assert json.loads(SCHEMA.read_text()) == PROFILE.schema()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(format="other"), "not a dsnet-edge profile"),
        (lambda record: record.update(version=99), "version 99"),
        (lambda record: record.update(surprise=1), "surprise"),
        (lambda record: record["device"].pop("cpu"), "device"),
        (lambda record: record["series"][0]["paths"][1]["total_ms"].update(median="fast"), "series[0].paths[1].total_ms.median"),
        (lambda record: record["series"][0]["paths"][1]["total_ms"].update(median=-1), "series[0].paths[1].total_ms.median"),
        (lambda record: record["series"][0]["paths"][1].update(path=3), "series[0].paths"),
        (lambda record: record["series"][0]["paths"][1].update(path=0), "twice"),
        (lambda record: record["series"].append(record["series"][0]), "same number of threads"),
        (lambda record: record["energy"]["paths"][0].update(path=77), "energy.paths[0].path"),
        (lambda record: record["bundle"].update(choices=[0]), "bundle.choices"),
        (lambda record: record["series"][0].update(runtime="x" * 2000), "series[0].runtime"),
    ],
)
def test_what_is_no_profile_is_refused_with_its_field(tmp_path, change, said):
    file = tmp_path / "a.json"
    write_profile(profile(), file)
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))
    with pytest.raises(ProfileError) as error:
        read_profile(file)
    assert said in str(error.value) and str(file) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": NaN}', "\x00\xff"])
def test_what_is_no_json_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ProfileError):
        read_profile(tmp_path / "a.json")


def test_a_profile_that_cannot_be_written_leaves_the_old_one(tmp_path):
    file = tmp_path / "a.json"
    write_profile(profile(), file)
    before = file.read_text()
    with pytest.raises(ValueError, match="Out of range"):
        write_profile(profile(series=(series(ms=(float("nan"),)),)), file)
    assert file.read_text() == before and list(tmp_path.iterdir()) == [file]


def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(ProfileError, match="dsnet-edge profile"):
        read_profile(tmp_path / "none.json")


@pytest.mark.parametrize("file", sorted(SCHEMA.parent.glob("x86-*.json")), ids=lambda file: file.stem)
def test_committed_profiles_are_whole_and_results(file):
    found = read_profile(file)
    assert found.complete and {series.verdict for series in found.series} == {"steady"}
    assert {series.backend for series in found.series} == {"sliced", "litert", "executorch"}
    assert found.device.architecture == "x86_64"


def test_the_committed_sweep_is_of_the_bundle_that_the_demos_profile_measured():
    sweep = read_sweep(SCHEMA.parent / "sweeps/dsmbnet14-32.json")
    assert sweep.bundle == read_profile(SCHEMA.parent / "x86-emerald-rapids-dsmbnet14-32.json").bundle
