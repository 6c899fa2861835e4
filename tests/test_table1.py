"""`dsnet-edge table1`: strategies that differ in cost, and in nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import tiny_arch, tiny_images, tiny_plan
from typer.testing import CliRunner

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.one_path import write_one_path_files
from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native
from dsnet_edge.bench.rounds import Cell, Measured, Ratio, Summary
from dsnet_edge.bench.table1 import STRATEGIES, Table1, contenders
from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.oracle import infer

NETWORKS = {
    "silu": tiny_arch(),
    "relu6, tanh, odd size": tiny_arch(n_paths=4, activation="relu6", attention="one_plus_tanh", image_size=23),
    "one path": tiny_arch(n_paths=1, activation="relu"),
}


def plan_of(name: str, precision: Precision) -> Plan:
    plan = tiny_plan(NETWORKS[name], seed=3)
    return in_precision(plan, precision, Calibration(tiny_images(plan, 8, seed=5), {}))


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16", "fp16"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("threads", [1, 2])
def test_all_strategies_give_the_same_logits(name: str, precision: Precision, threads: int, tmp_path: FilePath) -> None:
    plan = plan_of(name, precision)
    write_sliced(plan, tmp_path / "model.dsnet")
    sliced, ideal = write_one_path_files(tmp_path / "model.dsnet", tmp_path)
    found = contenders(sliced, ideal, threads)
    assert tuple(found) == STRATEGIES
    n_paths = len(plan.program.paths)
    for image in tiny_images(plan, 2):
        for path in [*range(n_paths), *reversed(range(n_paths))]:  # a wider path before a narrower one leaves no trace
            expected = found["slicing"].infer(image, path).logits
            for strategy in ("ideal", "indexing", "masking"):
                np.testing.assert_array_equal(found[strategy].infer(image, path).logits, expected, strategy)
            widest = found["slicing"].infer(image, n_paths - 1).logits
            np.testing.assert_array_equal(found["full"].infer(image, path).logits, widest)


@pytest.mark.parametrize("strategy", ["masking", "indexing"])
def test_strategies_equal_the_oracle_on_every_isa(strategy: str, tmp_path: FilePath) -> None:
    plan = plan_of("silu", "fp32")
    write_sliced(plan, tmp_path / "model.dsnet")
    model = _native.Model(str(tmp_path / "model.dsnet"), strategy)
    (image,) = tiny_images(plan, 1)
    for isa in ("scalar", _native.Session(model).isa):
        session = _native.Session(model, 1, isa)
        for index, path in enumerate(plan.program.paths):
            expected = infer(plan, image[None], path)[0][0]
            np.testing.assert_allclose(session.run(image, index)[0], expected, atol=1e-4 * abs(expected).max())


def test_masking_computes_every_op_at_full_width(tmp_path: FilePath) -> None:
    plan = plan_of("silu", "fp32")
    write_sliced(plan, tmp_path / "model.dsnet")
    slicing, masking = (_native.Model(str(tmp_path / "model.dsnet"), strategy) for strategy in ("slicing", "masking"))
    maps = [op for op in plan.program.segment("suffix") if op.kind in ("depthwise", "pointwise")]
    varying = [op for op in maps if len(set(plan.program.value(op.output).channels)) > 1]
    assert varying
    assert masking.op_count == slicing.op_count + len(varying)
    reads = [sum(model.op_weights(op, 0)[1] for op in range(model.op_count)) for model in (slicing, masking)]
    assert reads[1] == sum(slicing.op_weights(op, slicing.n_paths - 1)[1] for op in range(slicing.op_count)) > reads[0]
    assert masking.activation_bytes > slicing.activation_bytes


def test_an_unknown_strategy_is_named(tmp_path: FilePath) -> None:
    write_sliced(tiny_plan(), tmp_path / "model.dsnet")
    with pytest.raises(_native.Error, match="expected slicing, masking or indexing, found 'pruning'"):
        _native.Model(str(tmp_path / "model.dsnet"), "pruning")


def test_the_command_prints_writes_and_draws(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    core = min(os.sched_getaffinity(0))
    files = ["--json", str(tmp_path / "table1.json"), "--plot", str(tmp_path / "table1.png")]
    arguments = ["--rounds", "2", "--cores", str(core), *files]
    found = CliRunner().invoke(app, ["table1", str(tiny_bundle), *arguments], catch_exceptions=False)
    assert found.exit_code == 0
    assert all(strategy in found.output for strategy in STRATEGIES)
    result = Table1.from_dict(json.loads((tmp_path / "table1.json").read_text()))
    assert (result.name, result.precision, result.threads, result.cores, result.n_paths) == ("tiny", "fp32", 1, (core,), 3)
    assert Table1.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    assert (tmp_path / "table1.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DsnetError, match="version 99"):
        Table1.from_dict(result.to_dict() | {"version": 99})


def test_a_ratio_is_the_strategy_over_ideal() -> None:
    cell = Cell("masking", "network", 0, Summary(3, 4.0, 3.9, 4.1, 3.8))
    measured = Measured((cell,), (Ratio("ideal", "masking", "network", 0, 0.5, 0.4, 0.6),))
    result = Table1("tiny", "fp32", 1, (), (100,), {}, measured)
    assert (result.over_ideal("masking", 0), result.median_ms("masking", 0), result.over_ideal("ideal", 0)) == (2.0, 4.0, 1.0)
