"""What `dsnet-bench` must do, on this CPU or an emulated one. DSNET_BENCH is the command, such as

DSNET_BENCH="qemu-aarch64 -cpu cortex-a72 build/native-arm/dsnet-bench" python -m pytest tests/native/check_bench.py
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import time
from pathlib import Path as FilePath

import numpy as np
import pytest

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.source import from_checkpoint
from dsnet_edge import demo
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.runtime.measures import TOLERANCE

N_PATHS = 14


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bench") / "fp32", "fp32")


def make_bundle(folder, precision):
    source, photos = from_checkpoint(demo.CHECKPOINT), demo.photos()[:2]
    calibration = Calibration.from_folder(photos[0].parent, source.plan.input, len(demo.photos()))
    write_bundle(
        source.plan, folder, ("sliced",), source.description, precision=precision, calibration=calibration, photos=photos
    )
    return folder


def bench(*arguments):
    command = [*shlex.split(os.environ["DSNET_BENCH"]), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def record(*arguments):
    process = bench(*arguments, "--json", "-")
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_it_times_every_path_and_passes_the_golden_check(bundle, tmp_path):
    file = tmp_path / "record.json"
    process = bench(bundle / "model.dsnet", "--golden", bundle / "golden", "--repeat", 3, "--json", file)
    assert process.returncode == 0, process.stderr
    found = json.loads(file.read_text())
    assert found["golden"]["passed"] is True and found["golden"]["images"] == 2
    assert 0 < found["golden"]["relative_error"] <= found["golden"]["tolerance"]
    assert [path["path"] for path in found["paths"]] == list(range(N_PATHS))
    for times in (
        found["prefix_ms"],
        found["gate_ms"],
        *(path[stage] for path in found["paths"] for stage in ("suffix_ms", "total_ms")),
    ):
        assert 0 < times["min"] <= times["q1"] <= times["median"] <= times["q3"]
    assert found["runs"] == 3 and found["first_result_ms"]["total"] > 0
    assert found["model"]["arena_bytes"] > 1e6 and list(tmp_path.iterdir()) == [file]
    for row in ("prefix", "gate", *(f"path {path}" for path in range(N_PATHS)), "to the first result", found["isa"]):
        assert row in process.stdout


@pytest.mark.parametrize("precision", ["int8", "bf16", "fp16"])
def test_another_precision_passes_within_the_tolerance_of_the_self_test(tmp_path, precision):
    bundle = make_bundle(tmp_path / precision, precision)
    found = record(bundle / "model.dsnet", "--golden", bundle / "golden", "--repeat", 1)
    assert (
        found["model"]["precision"] == precision
        and found["golden"]["tolerance"] == TOLERANCE[precision]
        and found["golden"]["passed"]
    )
    assert found["isa"].split("-")[0] in ("scalar", "avx2", "avx512", "neon")


def test_chosen_paths_threads_and_isa(bundle):
    found = record(bundle / "model.dsnet", "--paths", "0,13", "--threads", 2, "--isa", "scalar", "--repeat", 2)
    assert [path["path"] for path in found["paths"]] == [0, 13]
    assert (found["threads"], found["isa"], found["runs"], found["golden"]) == (2, "scalar", 2, None)


def test_threads_are_pinned_to_their_cores(bundle):
    allowed = sorted(os.sched_getaffinity(0))
    cores = allowed[-2:][::-1]
    command = [*shlex.split(os.environ["DSNET_BENCH"]), bundle / "model.dsnet", "--cores", ",".join(map(str, cores))]
    process = subprocess.Popen([*map(str, command), "--repeat", "1000000", "--seconds", "60"], stdout=subprocess.DEVNULL)
    found = []
    while process.poll() is None and found != cores:  # it ends by itself if they never are; an emulator has threads of its own
        masks = {int(thread.name): affinity(thread) for thread in FilePath(f"/proc/{process.pid}/task").glob("*")}
        found = [core for core in cores if {core} in masks.values() and (core != cores[0] or masks[process.pid] == {core})]
    process.kill()
    process.wait()
    assert found == cores


def affinity(thread):
    try:
        return os.sched_getaffinity(int(thread.name))
    except ProcessLookupError:
        return set()


def test_the_record_names_cores_and_describes_all_of_the_machine(bundle):
    core = max(os.sched_getaffinity(0))
    free = record(bundle / "model.dsnet", "--paths", "0", "--repeat", 1)
    pinned = record(bundle / "model.dsnet", "--paths", "0", "--repeat", 1, "--cores", f" {core}-{core}")
    assert (free["threads"], free["cores"], pinned["threads"], pinned["cores"]) == (1, [], 1, [core])
    assert pinned["machine"] == free["machine"]


def test_a_core_that_is_not_there_is_named(bundle):
    core = max(os.sched_getaffinity(0))
    process = bench(bundle / "model.dsnet", "--cores", f"{core},9000-9001")
    assert process.returncode == 1 and "found 9000" in process.stderr
    process = bench(bundle / "model.dsnet", "--paths", "0", "--repeat", 1, "--cores", core)
    assert process.returncode == 0 and f"1 thread, core {core}\n" in process.stdout


def test_samples_are_every_inference_in_order(bundle):
    begin = time.clock_gettime(time.CLOCK_BOOTTIME)
    found = record(bundle / "model.dsnet", "--paths", "0,6,13", "--repeat", 5, "--samples")
    end = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert begin - 1e-3 < found["begin_uptime_s"] < found["end_uptime_s"] < end + 1e-3
    samples = found["samples"]
    assert (len(samples["prefix_ms"]), len(samples["gate_ms"])) == (15, 15)
    assert statistics.median(samples["prefix_ms"]) == pytest.approx(found["prefix_ms"]["median"], rel=1e-5)
    for path, times in zip(samples["paths"], found["paths"], strict=True):
        assert path["path"] == times["path"] and (len(path["suffix_ms"]), len(path["total_ms"])) == (5, 5)
        for stage in ("suffix_ms", "total_ms"):
            assert statistics.median(path[stage]) == pytest.approx(times[stage]["median"], rel=1e-5)
        assert all(0 < suffix < total for suffix, total in zip(path["suffix_ms"], path["total_ms"], strict=True))
    timed_s = sum(sum(path["total_ms"]) for path in samples["paths"]) / 1000
    assert timed_s <= found["end_uptime_s"] - found["begin_uptime_s"] + 1e-3
    assert record(bundle / "model.dsnet", "--paths", "0", "--repeat", 1)["samples"] is None


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_layers_are_the_ops_of_the_program_with_its_costs(bundle, tmp_path, precision):
    folder = bundle if precision == "fp32" else make_bundle(tmp_path / precision, precision)
    program = read_sliced(folder / "model.dsnet").program
    file = tmp_path / "record.json"
    process = bench(folder / "model.dsnet", "--paths", "0,13", "--repeat", 3, "--layers", "--json", file)
    assert process.returncode == 0, process.stderr
    found = json.loads(file.read_text())["layers"]
    assert found["runs"] == 3 and found["peaks"]["gmadds_per_s"] > 0 and found["peaks"]["read_gb_per_s"] > 0
    assert [path["path"] for path in found["paths"]] == [0, 13]
    for entry in found["paths"]:
        path = program.paths[entry["path"]]
        named = [(layer["name"], layer["kind"], layer["segment"], layer["madds"]) for layer in entry["layers"]]
        assert named == [(op.name, op.kind, op.segment, program.op_madds(op, path)) for op in program.ops]
        head = sum(program.op_madds(op, path) for op in program.slimming_head)
        assert sum(layer["madds"] for layer in entry["layers"]) == program.madds(path) + head
        assert all(layer["ms"] > 0 and layer["bytes"] > 0 for layer in entry["layers"])
        printed = re.search(rf"path {entry['path']}, ([0-9.]+) ms", process.stdout)
        assert printed and float(printed[1]) == pytest.approx(sum(layer["ms"] for layer in entry["layers"]), rel=1e-3)
    assert all(process.stdout.count(op.name) >= 2 for op in program.ops)


def test_seconds_end_the_rounds_early(bundle):
    assert record(bundle / "model.dsnet", "--paths", "0", "--repeat", 1000000, "--seconds", 0.05)["runs"] < 1000000


@pytest.mark.parametrize("name", ["scores", "logits"])
def test_a_wrong_result_fails_and_is_named(bundle, tmp_path, name):
    golden = shutil.copytree(bundle / "golden", tmp_path / "golden")
    array = np.load(golden / f"{name}.npy")
    array.flat[-1] += 0.01 * np.abs(array).max()
    np.save(golden / f"{name}.npy", array)
    process = bench(bundle / "model.dsnet", "--golden", golden, "--repeat", 1)
    assert process.returncode == 1 and "golden check failed" in process.stderr and f"{name}.npy, image 1" in process.stderr


def cut(data):
    return data[:-4]


def grown(data):
    return data + b"\0\0\0\0"


def other_type(data):
    return data.replace(b"'<f4'", b"'>f4'")


def column_order(data):
    return data.replace(b"False", b"True ")


def huge_shape(data):
    return data.replace(b"(2, 32, 32, 3)", b"(999999999, 9)")


def other_shape(data):
    return data.replace(b"(2, 32, 32, 3)", b"(2, 16, 64, 3)")


def no_header(data):
    return data[:9]


def endless_header(data):
    return data[:8] + b"\xff\xff" + data[10:]


def not_finite(data):
    return data[:-4] + np.float32(np.nan).tobytes()


@pytest.mark.parametrize(
    "damage", [cut, grown, other_type, column_order, huge_shape, other_shape, no_header, endless_header, not_finite]
)
def test_a_damaged_array_is_refused_by_name(bundle, tmp_path, damage):
    golden = shutil.copytree(bundle / "golden", tmp_path / "golden")
    data = (golden / "images.npy").read_bytes()
    damaged = damage(data)
    assert damaged != data
    (golden / "images.npy").write_bytes(damaged)
    process = bench(bundle / "model.dsnet", "--golden", golden, "--repeat", 1)
    assert process.returncode == 1 and str(golden) in process.stderr and "golden check failed" not in process.stderr


def test_missing_and_foreign_files_are_refused(bundle, tmp_path):
    (tmp_path / "text.dsnet").write_text("not a model")
    cases = [("text.dsnet", ()), ("none.dsnet", ()), (bundle / "model.dsnet", ("--golden", tmp_path))]
    for model, options in cases:
        process = bench(tmp_path / model, *options)
        assert process.returncode == 1 and str(tmp_path) in process.stderr
    process = bench(bundle / "model.dsnet", "--repeat", 1, "--json", tmp_path / "no/folder.json")
    assert process.returncode == 1 and "folder.json: cannot be written" in process.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the model is missing"),
        (("--paths", "0,x"), "--paths"),
        (("--paths", "0,14"), "paths 0 to 13, found 14"),
        (("--paths", ""), "--paths"),
        (("--threads", "0"), "--threads"),
        (("--cores", ""), "--cores"),
        (("--cores", "1,"), "--cores"),
        (("--cores", "-1"), "--cores"),
        (("--cores", "1-"), "--cores"),
        (("--cores", "1-2-3"), "--cores"),
        (("--cores", "1 - 2"), "--cores"),
        (("--cores", "+1"), "--cores"),
        (("--cores", "99999"), "4-7 or 0,2,5-6, found '99999'"),
        (("--cores", "3-1"), "the lower number first, found '3-1'"),
        (("--cores", "0", "--threads", "1"), "leave out --threads"),
        (("--repeat", "many"), "--repeat"),
        (("--seconds", "-1"), "--seconds"),
        (("--seed", "-1"), "--seed"),
        (("--samples",), "add --json FILE"),
        (("--tolerance", "nan"), "--tolerance"),
        (("--speed", "1"), "unknown option '--speed'"),
        (("--json",), "value is missing"),
        (("another.dsnet",), "one model at a time"),
    ],
)
def test_a_wrong_command_line_is_answered_with_the_usage(bundle, arguments, message):
    process = bench(*([bundle / "model.dsnet", *arguments] if arguments else []))
    assert process.returncode == 2 and message in process.stderr and "usage: dsnet-bench" in process.stderr


def test_help():
    process = bench("--help")
    assert process.returncode == 0 and process.stdout.startswith("usage: dsnet-bench")
