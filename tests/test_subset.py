"""A part of the paths, chosen freely: the same answers from a smaller arena, on every backend."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import ARCHS, tiny_arch, tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.one_path import write_one_path_files
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_convert.targets import TARGETS
from dsnet_edge import _native, demo
from dsnet_edge.arch import Gate, Path, preset
from dsnet_edge.cli.choices import parse_choices
from dsnet_edge.errors import BundleError, PathError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import infer, infer_dynamic
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.runtime import Runner, open_bundle

CHOICES = (0, 4, 5, 6, 13)


def in_precision(precision: str, n_paths: int = 14) -> Plan:
    """A network of `n_paths` widths, all of whose paths differ."""
    plan = tiny_plan(tiny_arch(n_paths))
    if precision == "int8":
        return quantize(plan, calibrate(plan, tiny_images(plan, 16)))
    return plan if precision == "fp32" else to_half(plan, precision)


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16", "fp16"])
def test_the_oracle_gives_the_same_on_these_paths(precision: str) -> None:
    whole = in_precision(precision)
    part = whole.choose((13, 4, 6, 5, 0, 4))
    images = tiny_images(whole)
    assert part.program.paths == tuple(Path((choice,)) for choice in CHOICES)
    for path in part.program.paths:
        (logits, scores), (expected, expected_scores) = infer(part, images, path), infer(whole, images, path)
        np.testing.assert_array_equal(logits, expected)
        np.testing.assert_array_equal(scores, expected_scores[:, CHOICES])


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_arena_is_cut_to_the_widest_of_these_paths(precision: str) -> None:
    whole = in_precision(precision)
    part, alone = whole.choose((2, 7)), whole.choose((7,))
    for op in part.program.ops:
        if op.has_weight and op.output != part.program.scores:
            np.testing.assert_array_equal(part.tensors[f"{op.name}.weight"], alone.tensors[f"{op.name}.weight"])
            assert part.tensors[f"{op.name}.weight"].shape == whole.program.weight_shape(op, Path((7,)))
        rows = part.epilogues[op.name].shift if op.has_weight else None
        assert rows is None or len(rows) == len(set(op.rows)) <= 2
    assert alone.arena_bytes < part.arena_bytes < whole.arena_bytes / 2


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_part_of_a_part_is_a_part_of_the_whole(precision: str) -> None:
    """Bench and table1 cut a bundle's plan, whose choices need not start at 0, to a path at a time."""
    whole = in_precision(precision)
    twice, once = whole.choose((3, 7, 8, 13)).choose((7, 13)), whole.choose((7, 13))
    assert twice.program == once.program
    assert twice.tensors.keys() == once.tensors.keys()
    assert all(np.array_equal(tensor, once.tensors[name]) for name, tensor in twice.tensors.items())
    images = tiny_images(whole)
    for path in once.program.paths:
        for found, expected in zip(infer(twice, images, path), infer(once, images, path), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16", "fp16"])
def test_the_native_runtime_gives_the_same_to_the_bit(tmp_path: FilePath, precision: str) -> None:
    whole = in_precision(precision)
    write_sliced(whole, tmp_path / "whole.dsnet")
    write_sliced(whole.choose(CHOICES), tmp_path / "part.dsnet")
    all_paths, some = (_native.Session(_native.Model(str(tmp_path / f"{name}.dsnet"))) for name in ("whole", "part"))
    taken = set()
    for image in tiny_images(whole, 12):
        for index, choice in enumerate(CHOICES):
            expected, _, expected_scores, _ = all_paths.run(image, choice)
            logits, _, scores, _ = some.run(image, index)
            np.testing.assert_array_equal(logits, expected)
            np.testing.assert_array_equal(scores, np.asarray(expected_scores)[list(CHOICES)])
        routed, path, scores, _ = some.run(image, -1)
        assert path == np.argmax(scores)
        np.testing.assert_array_equal(routed, all_paths.run(image, CHOICES[path])[0])
        taken.add(path)
    assert len(taken) > 1


def test_the_gate_takes_the_best_of_them() -> None:
    whole = in_precision("fp32")
    images = tiny_images(whole, 12)
    _, choice = infer_dynamic(whole.choose(CHOICES), images)
    _, scores = infer(whole, images, whole.program.paths[0])
    for index, row in zip(choice, scores, strict=True):
        assert row[CHOICES[index]] == max(row[list(CHOICES)])
    assert len(set(choice)) > 1


def test_the_scalar_gate_takes_the_nearest_of_these_centres() -> None:
    arch = replace(tiny_arch(6), gates=(Gate(2, 6, bias=True, design="scalar"),))
    whole = tiny_plan(arch)
    whole.tensors["gate.weight"][:] *= 30  # images all over 0..1
    images = tiny_images(whole, 24)
    _, choice = infer_dynamic(whole.choose((0, 3, 5)), images)
    centres = (np.array([0, 3, 5]) + 0.5) / 6
    _, scores = infer(whole, images, whole.program.paths[0])
    s = ((scores[:, 1] - scores[:, 0]) + (1.5 / 6) ** 2 - (0.5 / 6) ** 2) * 6 / 2  # the score of c is 2 s c - c^2
    np.testing.assert_array_equal(choice, np.abs(s[:, None] - centres).argmin(axis=1))
    assert len(set(choice)) == 3


@pytest.mark.parametrize("arch", ARCHS.values(), ids=ARCHS)
def test_a_written_part_is_read_back(tmp_path: FilePath, arch: object) -> None:
    part = tiny_plan(arch).choose((0, len(tiny_plan(arch).program.paths) - 1))
    write_sliced(part, tmp_path / "model.dsnet")
    read = read_sliced(tmp_path / "model.dsnet")
    assert read.program == part.program
    assert all(np.array_equal(tensor, part.tensors[name]) for name, tensor in read.tensors.items())


def test_only_routable_paths_can_be_kept() -> None:
    arch = preset("dsmbnet14-32")
    trained = Plan.from_checkpoint(demo.CHECKPOINT)
    assert trained.program.paths[-1] == arch.space.teacher
    with pytest.raises(PathError, match="no gate can choose path 14; the gates choose from 0 to 13"):
        trained.select(trained.program.paths)
    with pytest.raises(PathError, match="no path is left"):
        trained.select(())
    part = random_plan(arch, 0).choose((3, 9))
    with pytest.raises(PathError, match="dsmbnet14-32 has no path 4; its paths are 3, 9"):
        part.program.index(Path((4,)))


def test_a_file_whose_paths_do_not_increase_is_refused(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    part = in_precision("fp32", 3).choose((0, 2))
    swapped = replace(part, program=replace(part.program, paths=part.program.paths[::-1]))
    write_sliced(swapped, tmp_path / "model.dsnet")
    with pytest.raises(BundleError, match=r"dsnet.path.choice must increase, found \[2, 0\]"):
        read_sliced(tmp_path / "model.dsnet")
    with pytest.raises(_native.Error, match=r"dsnet.path.choice\[0\]: expected strictly increasing"):
        _native.Model(str(tmp_path / "model.dsnet"))


def test_a_file_for_each_of_them(tmp_path: FilePath) -> None:
    """What table1 and bench measure slicing against."""
    part = in_precision("fp32").choose((3, 8))
    write_sliced(part, tmp_path / "model.dsnet")
    (tmp_path / "ideal").mkdir()
    _, files = write_one_path_files(tmp_path / "model.dsnet", tmp_path / "ideal")
    image = tiny_images(part, 1)[0]
    session = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    for index, file in enumerate(files):
        alone = _native.Session(_native.Model(str(file))).run(image, 0)
        together = session.run(image, index)
        np.testing.assert_array_equal(alone[0], together[0])
        assert list(alone[2]) == [together[2][index]]
    assert len(files) == 2


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_every_target_takes_some_of_the_paths(tmp_path: FilePath, precision: str) -> None:
    """Its answers are those of the whole fp32 network on these paths, as far as the precision allows."""
    whole = tiny_plan(tiny_arch(4))
    targets = [target for target in TARGETS if (target, precision) != ("ncnn", "int8")]
    images = tiny_images(whole, 8)
    calibration = Calibration(images, {"images": 8, "synthetic_seed": 1, "use": "speed only"}) if precision == "int8" else None
    write_bundle(
        whole.choose((1, 3)), tmp_path / "bundle", targets, {"random_seed": 0}, precision=precision, calibration=calibration
    )
    bundle = open_bundle(tmp_path / "bundle")
    assert len(bundle.backends) == len(targets)
    bound = 1e-4 if precision == "fp32" else 0.1
    for backend in bundle.backends:
        runner = Runner(bundle, backend)
        for index, choice in enumerate((1, 3)):
            logits, scores = infer(whole, images, Path((choice,)))
            assert abs(runner.logits(images, index)[0] - logits).max() <= bound * abs(logits).max(), (backend, choice)
            found = runner.infer(images[0]).scores
            assert abs(found - scores[0, [1, 3]]).max() <= bound * abs(scores).max(), backend


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dsnet_edge", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_from_the_command_line_to_every_command(tmp_path: FilePath) -> None:
    bundle = tmp_path / "bundle"
    done = command("convert", demo.CHECKPOINT, "--paths", "13,4:7, 0,5", "-o", bundle, "--to", "sliced")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert [(path["index"], path["choice"]) for path in manifest["paths"]] == list(enumerate(CHOICES))
    assert command("verify", bundle).returncode == 0
    costs = json.loads(command("inspect", bundle, "--json").stdout)["paths"]
    assert [cost["name"] for cost in costs] == ["0", "1 (choice 4)", "2 (choice 5)", "3 (choice 6)", "4 (choice 13)"]
    photo = demo.photos()[0]
    (ran,) = json.loads(command("run", bundle, photo, "--json").stdout)
    assert len(ran["scores"]) == 5
    assert ran["path"] == int(np.argmax(ran["scores"]))
    timed = command("table1", bundle, "--rounds", 1, "--json", tmp_path / "table1.json")
    assert timed.returncode == 0, timed.stderr
    assert len(json.loads((tmp_path / "table1.json").read_text())["madds"]) == 5


def test_choices_as_they_are_typed() -> None:
    assert list(parse_choices("0,6,13")) == [0, 6, 13]
    assert list(parse_choices(" 13 , 4:7,0")) == [13, 4, 5, 6, 0]
    assert next(parse_choices("5:999999999")) == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "--paths takes choices and LOW:HIGH separated by commas, such as 0,4:7,13, found ''"),
        ("0,,3", "found '0,,3'"),
        ("low", "found 'low'"),
        ("-1", "found '-1'"),
        ("1:", "found '1:'"),
        ("1:2:3", "found '1:2:3'"),
        ("٣", "found '٣'"),
        ("9999999999", "found '9999999999'"),
        ("7:4", "--paths: 7:4 holds no choice"),
    ],
)
def test_garbage_is_named(text: str, reason: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_choices(text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
