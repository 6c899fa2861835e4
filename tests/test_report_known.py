"""What is known beforehand: the committed descriptions and figures can be read, refer to each other, and are found by name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path as FilePath
from urllib.parse import urlsplit

import pytest

from dsnet_edge.report import known
from dsnet_edge.report.known import KnownError, find_device, known_devices, known_references
from profiles import DEVICE

PROFILES = FilePath(__file__).parents[1] / "profiles"


@pytest.mark.parametrize(
    ("form", "file"), [(known.DEVICE, "devices/device.schema.json"), (known.REFERENCES, "references/references.schema.json")]
)
def test_the_committed_schemas_are_those_of_the_values(form, file):
    assert json.loads((PROFILES / file).read_text()) == form.schema()


def test_every_figure_is_of_a_device_that_is_described_and_has_a_source():
    devices = {device.id for device in known_devices()}
    assert len(devices) == len(known_devices()) >= 10
    for source in known_references():
        assert urlsplit(source.url).scheme == "https" and source.conditions and source.published
        for figure in source.figures:
            assert figure.device in devices or figure.device == ""
            assert figure.ms > 0 and 10e6 < figure.madds < 10e9 and figure.threads > 0


def test_every_device_has_a_source_and_a_file_of_its_name():
    for device in known_devices():
        assert (PROFILES / f"devices/{device.id}.json").is_file()
        assert device.sources and device.match and sum(kind.count for kind in device.cores) in (4, 6, 8)


@pytest.mark.parametrize(
    ("name", "firmware", "expected"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", "", "raspberry-pi-5"),
        ("Raspberry Pi 4 Model B Rev 1.4", "", "raspberry-pi-4b"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "", "raspberry-pi-3b-plus"),
        ("Google Pixel 6 Pro", "", "pixel-6"),
        ("Google Pixel 3", "", "pixel-3"),
        ("Google Pixel 3a", "", None),
        ("Pixel", "google/redfin/redfin:14/UP1A/1:user/release-keys", "pixel-5"),
        ("AMD EPYC 9B14", "", None),
        ("", "", None),
    ],
)
def test_a_device_is_recognised_by_what_it_says_about_itself(name, firmware, expected):
    found = find_device(dataclasses.replace(DEVICE, name=name, firmware=firmware))
    assert (found.id if found else None) == expected


def test_peaks_by_hand():
    """A Pi 5's core starts 2 instructions a cycle at 2.4 GHz, of 4 floats, 8 halves or 16 bytes; a Pi 4's has only floats."""
    five, four = (next(d for d in known_devices() if d.id == name) for name in ("raspberry-pi-5", "raspberry-pi-4b"))
    assert [five.cores[0].peak(p, five.isa) for p in ("fp32", "fp16", "int8")] == pytest.approx([19.2, 38.4, 76.8])
    assert [four.cores[0].peak(p, four.isa) for p in ("fp32", "fp16", "int8")] == pytest.approx([7.2, 0, 0])


def test_a_file_that_is_none_is_refused_with_its_field(tmp_path):
    record = json.loads((PROFILES / "devices/raspberry-pi-5.json").read_text())
    record["cores"][0]["mhz"] = "fast"
    (tmp_path / "a.json").write_text(json.dumps(record))
    with pytest.raises(KnownError, match=r"a\.json: cores\[0\]\.mhz"):
        known.read_record(known.DEVICE, tmp_path / "a.json")
