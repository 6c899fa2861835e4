"""`dsnet-edge android bench` and `check` on the stand-in for a phone, where the app's own protocol runs on this machine's JVM."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path as FilePath

import pytest
from android_phone import Phone, write_apk
from device_side import wait_for
from typer.testing import CliRunner, Result

from dsnet_edge.cli import app as cli
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import read_profile
from dsnet_edge.profile.values import Profile
from dsnet_edge.profiling.statistics import summarize
from dsnet_edge.runtime.bundle import open_bundle

QUICK = ("--blocks", "2", "--seconds", "0.1", "--noise", "900%")


def android(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["android", *arguments])


def complaint(result: Result) -> str:
    assert isinstance(result.exception, DsnetError), result.output
    message = str(result.exception)
    assert "\n" not in message and message.isprintable()
    return message


@pytest.fixture
def measured(phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath) -> Profile:
    """By the app: two engines, one of them at two numbers of threads."""
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded")
    file = tmp_path / "app.json"
    result = android("bench", "demo", *QUICK, "--blocks", "3", "--backend", "sliced,litert", "--threads", "1,2", "-o", str(file))
    assert result.exit_code == 0, result.output
    assert "steady" in result.output and f"dsnet-edge report {file}" in result.output.replace("\n", " ")
    return read_profile(file)


def test_the_app_measures_and_nothing_of_it_stays(
    phone: Phone, measured: Profile, tiny_bundle: FilePath, tmp_path: FilePath
) -> None:
    assert measured.complete and measured.bundle == open_bundle(tiny_bundle).info
    assert (measured.settings.blocks, measured.settings.block_s, measured.settings.noise) == (3, 0.1, 9.0)
    keys = [(series.backend, series.threads, series.verdict) for series in measured.series]
    assert sorted(keys) == [(name, n, "steady") for name in ("litert", "sliced") for n in (1, 2)]
    assert measured.device.kind == "app" and measured.device.cores and measured.device.ram_bytes > 1 << 28
    assert phone.bundles == ["demo"] and list((phone.files / "benchmarks").iterdir()) == []
    assert phone.here("pid").exists() is False  # what am started, and force-stop ended
    assert [file.name for file in tmp_path.glob("app.json*")] == ["app.json"]


def test_its_numbers_are_those_that_python_makes_of_its_samples(measured: Profile) -> None:
    for series in measured.series:
        kept = [block for block in series.blocks if block.kept]
        for index, path in enumerate(series.paths):
            blocks = [block.paths[index].total_ms for block in kept]
            ours = summarize(blocks)
            for name in ("runs", "median", "p90", "p99", "min"):
                assert getattr(path.total_ms, name) == pytest.approx(getattr(ours, name), rel=1e-5), name
            assert path.total_ms.low <= path.total_ms.median <= path.total_ms.high
            for block in kept:
                samples = block.paths[index]
                assert all(total >= suffix for total, suffix in zip(samples.total_ms, samples.suffix_ms, strict=True))
        states = [state for block in series.blocks for state in block.conditions]
        assert all(len(block.conditions) >= 2 for block in series.blocks)
        assert all(before.uptime_s <= after.uptime_s for before, after in itertools.pairwise(states))


def test_its_profile_can_be_reported_and_compared(measured: Profile, tmp_path: FilePath) -> None:
    file = str(tmp_path / "app.json")
    shown = CliRunner().invoke(cli.app, ["report", file, "-o", str(tmp_path / "app.html")])
    assert shown.exit_code == 0, shown.output
    assert measured.device.name in (tmp_path / "app.html").read_text("utf-8")
    compared = CliRunner().invoke(cli.app, ["compare", file, file, "--json"])
    assert compared.exit_code == 0, compared.output
    differences = json.loads(compared.output)["differences"]
    assert len(differences) == 4 * 3 and {entry["verdict"] for entry in differences} == {"same"}


def test_the_sliced_engine_is_measured_by_the_app(phone: Phone, sliced_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install(sliced_bundle)
    phone.benchmark_runs("sliced")
    result = android("bench", *QUICK, "--backend", "sliced,litert", "-o", str(tmp_path / "app.json"))
    assert result.exit_code == 1 and "litert x1: LiteRT is not in this build" in result.output.replace("\n", " ")
    (series,) = read_profile(tmp_path / "app.json").series
    assert series.backend == "sliced" and series.runtime.startswith("dsnet-edge ") and series.verdict == "steady"
    assert all(0 < path.total_ms.median < 1000 for path in series.paths) and series.open_ms.median > 0


def test_an_engine_that_misses_the_golden_outputs_is_no_result(phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded:OTHER_LOGITS")
    result = android("bench", *QUICK, "-o", str(tmp_path / "app.json"))
    assert result.exit_code == 1 and "misses the bundle's golden outputs" in result.output.replace("\n", " ")
    assert not (tmp_path / "app.json").exists()


def test_ctrl_c_ends_it_on_the_phone(phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded:HANGS")
    file = tmp_path / "app.json"
    command = [sys.executable, "-m", "dsnet_edge", "android", "bench", *QUICK, "-o", str(file)]
    ours = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((phone.files / "benchmarks").glob("*/status.json")))
    process = FilePath("/proc") / phone.here("pid").read_text().strip()
    ours.send_signal(signal.SIGINT)
    _, said = ours.communicate(timeout=60)
    assert ours.returncode == 130 and f"{file} is not written" in said, said
    assert list((phone.files / "benchmarks").iterdir()) == [] and not file.exists()
    wait_for(lambda: not process.exists() or (process / "cmdline").read_bytes() == b"")  # gone, or about to be


def test_a_phone_that_is_unplugged(phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded:HANGS")
    command = [sys.executable, "-m", "dsnet_edge", "android", "bench", *QUICK, "-o", str(tmp_path / "app.json")]
    ours = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((phone.files / "benchmarks").glob("*/status.json")))
    phone.adbd.unplug()
    _, said = ours.communicate(timeout=60)
    assert ours.returncode == 2 and "the connection was lost" in said, said
    assert not (tmp_path / "app.json").exists()


STATUS = {"format": "dsnet-edge benchmark", "version": 1, "state": "finished", "fraction": 1, "told": "", "lanes": []}
LANE = {
    "backend": "sliced",
    "threads": 1,
    "checked": True,
    "passed": True,
    "error": 0,
    "tolerance": 1e-4,
    "blocks": 2,
    "troubles": [],
}


@pytest.mark.parametrize(
    ("status", "profile", "told"),
    [
        ("{", "", "the app's status is none"),
        ("[" * 100_000, "", "the app's status is none"),
        (json.dumps(STATUS | {"version": 2}), "", "the app's status has version 2, this dsnet-edge reads 1"),
        (json.dumps(STATUS | {"fraction": float("nan")}), "", "a number from 0 was expected"),
        (json.dumps(STATUS | {"lanes": [LANE | {"blocks": "2"}]}), "", "a number from 0 was expected"),
        (json.dumps(STATUS | {"state": "failed", "told": "no space\x1b[31m left"}), "", "the benchmark failed: no space"),
        (json.dumps(STATUS | {"lanes": [LANE]}), None, "the app finished without a profile"),
        (
            json.dumps(STATUS | {"lanes": [LANE]}),
            '{"format": "dsnet-edge profile", "version": 1}',
            "wrote a profile that is none",
        ),
        (json.dumps(STATUS | {"lanes": [LANE]}), "\x1b]0;owned\x07", "wrote a profile that is none"),
        (None, None, "the app ended in the middle of the benchmark"),
    ],
)
def test_an_app_that_says_anything(
    phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath, status: str | None, profile: str | None, told: str
) -> None:
    phone.install(tiny_bundle)
    for name, text in (("status", status), ("profile", profile)):
        if text is not None:
            phone.here(name).write_text(text)
    copies = [
        f'cp "$root/data/{name}" "$run/{name}.json"'
        for name, text in (("profile", profile), ("status", status))
        if text is not None
    ]
    phone.benchmark_is(f'run=$files/benchmarks/${{1#run=}}; mkdir -p "$run"; {"; ".join(copies) or ":"}; launch true')
    message = complaint(android("bench", *QUICK, "-o", str(tmp_path / "app.json")))
    assert told in message
    assert not (tmp_path / "app.json").exists() and list((phone.files / "benchmarks").iterdir()) == []


def test_what_is_asked_for_is_checked_before_a_phone_is(tmp_path: FilePath) -> None:
    assert "is no name of a bundle in the app" in complaint(android("bench", "../x"))
    assert "--backend takes engines of the app" in complaint(android("bench", "--backend", "numpy"))
    assert "expected adb[:SERIAL]" in complaint(android("bench", "--device", "ssh://pi@pi"))


def test_a_phone_without_the_app(phone: Phone) -> None:
    assert "install it with: dsnet-edge android install" in complaint(android("bench", *QUICK))


def test_check_tells_what_only_a_phone_can(
    phone: Phone, tiny_bundle: FilePath, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsnet_edge.android.checks._STARTING_S", 0.2)
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded")
    shutil.rmtree(phone.here("app/dev.dsnet.demo"))
    assert "failed app installed" in android("check").output
    result = android("check", "--apk", str(write_apk(tmp_path / "app.apk")), "--backend", "sliced,litert", "--json")
    assert result.exit_code == 0, result.output
    found = {check["name"]: (check["outcome"], check["detail"]) for check in json.loads(result.stdout)["checks"]}
    assert {outcome for outcome, _ in found.values()} == {"passed", "told"}
    assert found["page size"] == ("passed", "16384 bytes") and found["app installed"][1] == "version 1.2.3"
    assert found["camera permission"] == ("told", "not granted yet; the app asks for it")
    for engine in ("sliced", "litert"):
        assert found[f"{engine}: golden outputs"][0] == found[f"{engine}: every path timed"][0] == "passed"


def test_check_fails_where_an_engine_does(phone: Phone, tiny_bundle: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsnet_edge.android.checks._STARTING_S", 0.2)
    phone.install(tiny_bundle)
    phone.benchmark_runs("recorded:DIES")
    result = android("check", "--backend", "sliced")
    assert result.exit_code == 1
    assert "failed sliced: golden outputs: the check of golden outputs came to nothing: its process ended with exit code 139" in (
        " ".join(result.output.split())
    )
