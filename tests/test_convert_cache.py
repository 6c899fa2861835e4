"""The conversion cache: what is unchanged is not converted twice, and nothing but speed depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import tiny_images, tiny_plan

from dsnet_convert import cache as cache_module
from dsnet_convert.bundle import write_bundle
from dsnet_convert.cache import Cache, stage_keys
from dsnet_convert.samples import Samples
from dsnet_convert.workers import Job, Report, Workers
from dsnet_edge.plan import Epilogue, Plan

SOURCE = {"random_seed": 0}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that were given to workers."""
    jobs: list[Job] = []
    run = Workers.run

    def note(self: Workers, given: Iterable[Job], report: Report) -> None:
        jobs.extend(given := list(given))
        run(self, given, report)

    monkeypatch.setattr(Workers, "run", note)
    return jobs


def files(bundle: FilePath) -> dict[str, str]:
    """Name -> hash of everything but the manifest, which holds the time."""
    found = {file.relative_to(bundle).as_posix(): file for file in bundle.rglob("*") if file.is_file()}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in found.items() if name != "manifest.json"}


def other_batch_norm(plan: Plan, path: int) -> Plan:
    """The plan with another statistic in the last convolution, on one path."""
    op = next(op for op in reversed(plan.program.ops) if op.kind == "pointwise")
    epilogue = plan.epilogues[op.name]
    assert epilogue.shift is not None
    shift = epilogue.shift.copy()
    shift[op.rows[path]] += 1
    return replace(plan, epilogues={**plan.epilogues, op.name: Epilogue(epilogue.scale, shift)})


def test_an_unchanged_network_is_not_converted_again(tmp_path: FilePath, ran: list[Job]) -> None:
    plan, cache = tiny_plan(), Cache(tmp_path / "cache")
    write_bundle(plan, tmp_path / "first", ["onnx", "executorch"], SOURCE, cache=cache)
    assert len(ran) == 2 * 5 + 1
    ran.clear()
    assert write_bundle(plan, tmp_path / "second", ["onnx", "executorch"], SOURCE, cache=cache).from_cache == 2 * 5 + 1
    assert ran == []
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_only_the_path_that_changed_is_converted_again(tmp_path: FilePath, ran: list[Job]) -> None:
    plan, cache = tiny_plan(), Cache(tmp_path / "cache")
    write_bundle(plan, tmp_path / "bundle", ["onnx"], SOURCE, cache=cache)
    ran.clear()
    changed = other_batch_norm(plan, path=1)
    write_bundle(changed, tmp_path / "bundle", ["onnx"], SOURCE, cache=cache)
    assert ran == [("onnx", "suffix_01")]
    write_bundle(changed, tmp_path / "fresh", ["onnx"], SOURCE)
    assert files(tmp_path / "bundle") == files(tmp_path / "fresh")


def test_keys_tell_apart_whatever_decides_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tiny_plan()
    images = tiny_images(plan, 2)
    variants = [
        stage_keys(plan, "onnx", "fp32", None),
        stage_keys(plan, "onnx", "fp16", None),
        stage_keys(plan, "litert", "fp32", None),
        stage_keys(plan, "onnx", "int8", Samples(images)),
        stage_keys(plan, "onnx", "int8", Samples(images, "mse")),
        stage_keys(plan, "onnx", "int8", Samples(images + np.float32(0.1))),
        stage_keys(tiny_plan(seed=1), "onnx", "fp32", None),
    ]
    monkeypatch.setattr(cache_module, "tools", lambda targets: {"onnx": "another version"})
    variants.append(stage_keys(plan, "onnx", "fp32", None))
    keys = [key for variant in variants for key in variant.values()]
    assert len(set(keys)) == len(keys)


def test_a_calibrated_suffix_depends_on_the_prefix() -> None:
    """Its inputs do, and with them its ranges; in fp32 it is the same file whatever runs before it."""
    plan = tiny_plan()
    first = next(op for op in plan.program.ops if op.kind == "conv2d")
    tensors = {**plan.tensors, f"{first.name}.weight": plan.tensors[f"{first.name}.weight"] * 2}
    other, images = replace(plan, tensors=tensors), tiny_images(plan, 2)
    assert stage_keys(plan, "onnx", "fp32", None)["suffix_00"] == stage_keys(other, "onnx", "fp32", None)["suffix_00"]
    assert (
        stage_keys(plan, "onnx", "int8", Samples(images))["suffix_00"]
        != stage_keys(other, "onnx", "int8", Samples(images))["suffix_00"]
    )


def test_a_damaged_entry_is_thrown_away(tmp_path: FilePath, ran: list[Job]) -> None:
    plan, cache = tiny_plan(), Cache(tmp_path / "cache")
    write_bundle(plan, tmp_path / "first", ["onnx"], SOURCE, cache=cache)
    ran.clear()
    damaged = sorted(cache.folder.iterdir())[2]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    write_bundle(plan, tmp_path / "second", ["onnx"], SOURCE, cache=cache)
    assert len(ran) == 1
    assert files(tmp_path / "first") == files(tmp_path / "second")
    assert hashlib.sha256(damaged.read_bytes()).hexdigest() == damaged.suffix[1:], "not replaced by the sound one"


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: FilePath, ran: list[Job]) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = Cache(tmp_path / "file" / "cache")
    for name in ("first", "second"):
        write_bundle(tiny_plan(), tmp_path / name, ["onnx"], SOURCE, cache=cache)
    assert len(ran) == 2 * 5
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_what_was_not_fetched_for_longest_goes_first(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_MOST_BYTES", 25)
    cache, file = Cache(tmp_path / "cache"), tmp_path / "ten bytes"
    file.write_bytes(b"0123456789")
    for age, key in enumerate(("first", "second")):
        cache.store(key, file)
        (entry,) = cache.folder.glob(f"{key}.*")
        cache_module.os.utime(entry, (age, age))
    assert cache.fetch("first", tmp_path / "copy")
    cache.store("third", file)
    assert {entry.stem for entry in cache.folder.iterdir()} == {"first", "third"}
    assert not cache.fetch("second", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
