"""Layers of a path: the ops of the program with its costs, from the native runtime or a record of dsnet-bench; compared."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tiny import tiny_arch, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_edge import _native
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import element_bytes
from dsnet_edge.profile.values import Layer, Layers, PathLayers, Peaks
from dsnet_edge.profiling.layers import difference, measure_layers, roofline_ms, roofline_reached
from dsnet_edge.profiling.layers_sliced import layers_from_bench
from dsnet_edge.profiling.layers_table import difference_table, layers_table
from dsnet_edge.profiling.peaks import measure_peaks
from dsnet_edge.profiling.rounds import path_rounds
from dsnet_edge.runtime.bundle import Bundle, open_bundle
from dsnet_edge.runtime.golden import read_images


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tiny_plan(tiny_arch())


@pytest.fixture(scope="module")
def bundle(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("layers") / "bundle"
    write_bundle(plan, folder, ("sliced",), {"random_seed": 0})
    return open_bundle(folder)


def test_the_layers_of_a_path_are_the_programs_ops_with_its_costs(bundle: Bundle, plan: Plan) -> None:
    program = plan.program
    layers = measure_layers(bundle, "sliced", [2, 0], threads=1, seconds=0.01)
    assert [(path.backend, path.threads, path.path) for path in layers.paths] == [("sliced", 1, 2), ("sliced", 1, 0)]
    assert layers.peaks.gmadds_per_s > 0 and layers.peaks.read_gb_per_s > 0
    for measured in layers.paths:
        path = program.paths[measured.path]
        assert [(layer.name, layer.kind, layer.segment) for layer in measured.layers] == [
            (op.name, op.kind, op.segment) for op in program.ops
        ]
        assert [layer.madds for layer in measured.layers] == [program.op_madds(op, path) for op in program.ops]
        for layer, op in zip(measured.layers, program.ops, strict=True):
            values = [program.value(name) for name in (op.input, op.output, op.input2) if name]
            sizes = (v.height * v.width * v.channels[measured.path] * element_bytes(v.type) for v in values)
            assert layer.bytes == sum(sizes) + 4 * program.op_parameters(op, path), op.name
            assert layer.ms > 0
        head = sum(program.op_madds(op, path) for op in program.slimming_head)
        assert sum(layer.madds for layer in measured.layers) == bundle.madds[measured.path] + head


def test_what_cannot_be_measured_is_refused_in_one_line(bundle: Bundle) -> None:
    for backend, paths, message in (
        ("litert", [0], "litert does not tell how long its layers take; choose from sliced, executorch"),
        ("sliced", [], "no path to measure"),
        ("sliced", [0, 3], "has paths 0 to 2, found 3"),
        ("sliced", [-1], "has paths 0 to 2, found -1"),
        ("executorch", [0], "has no files for the executorch backend"),
    ):
        with pytest.raises(DsnetError, match=message):
            measure_layers(bundle, backend, paths, threads=1, seconds=0.01)
    with pytest.raises(DsnetError, match="found 'mmx'"):
        measure_peaks("fp32", "mmx")


def test_ops_are_timed_in_the_run_that_asks_for_it_alone(bundle: Bundle) -> None:
    model = _native.Model(str(bundle.file("model.dsnet")))
    session, image = _native.Session(model), read_images(bundle)[0]
    with pytest.raises(_native.Error, match="expected 0 to 2, found 3"):
        session.op_times(image, 3)
    with pytest.raises(_native.Error, match="expected shape"):
        session.op_times(image[1:], 0)
    with pytest.raises(_native.Error, match="path out of range"):
        model.ops(3)
    logits = session.run(image, 0)[0]
    first = session.op_times(image, 0)
    kept = list(first)
    np.testing.assert_array_equal(session.run(image, 0)[0], logits)
    assert first == kept and len(first) == model.op_count == len(model.ops(0))


def test_a_round_visits_every_path_once_and_three_rounds_are_the_least() -> None:
    visited = list(path_rounds((4, 7, 9), seconds=0))
    assert [sorted(visited[at : at + 3]) for at in (0, 3, 6)] == [[4, 7, 9]] * 3 and len(visited) == 9
    assert visited == list(path_rounds((4, 7, 9), seconds=0)) != list(path_rounds((4, 7, 9), seconds=0, seed=1))
    assert len(list(path_rounds((0,), seconds=3600, most=5))) == 5


PEAKS = Peaks(gmadds_per_s=50.0, read_gb_per_s=10.0)
CONV = Layer("conv", "conv2d", "prefix", ms=0.04, madds=1_000_000, bytes=100_000)
WIDE = Layer("wide", "pointwise", "suffix", ms=0.5, madds=2_000_000, bytes=4_000_000)
BARE = Layer("Sigmoid (NC) #1", "Sigmoid", "suffix", ms=0.0, madds=0, bytes=0)


def test_the_roofline_is_the_slower_of_arithmetic_and_memory() -> None:
    assert roofline_ms(CONV, PEAKS) == pytest.approx(0.02)  # 1e6 / 50e9 s; its bytes take 0.01 ms
    assert roofline_ms(WIDE, PEAKS) == pytest.approx(0.4)  # 4e6 / 10e9 s; its multiply-adds take 0.04 ms
    assert roofline_reached(CONV, PEAKS) == pytest.approx(0.5) and roofline_reached(WIDE, PEAKS) == pytest.approx(0.8)
    assert roofline_reached(BARE, PEAKS) is None
    assert roofline_reached(Layer("fast", "linear", "gate", 0.0, 5, 5), PEAKS) is None


def test_a_difference_is_taken_layer_by_layer_within_a_segment() -> None:
    a = PathLayers("sliced", 1, 0, (CONV, Layer("wide", "pointwise", "suffix", 0.2, 500_000, 1_000_000), BARE))
    b = PathLayers("sliced", 1, 2, (CONV, WIDE, Layer("wide", "pointwise", "gate", 0.1, 7, 8)))
    found = difference(a, b)
    assert [(row.layer.segment, row.layer.name) for row in found] == [
        ("prefix", "conv"), ("suffix", "wide"), ("gate", "wide"), ("suffix", BARE.name)
    ]  # fmt: skip
    assert (found[0].ms, found[0].madds, found[0].bytes) == (0, 0, 0)
    assert (found[1].ms, found[1].madds, found[1].bytes) == (pytest.approx(0.3), 1_500_000, 3_000_000)
    assert (found[2].a, found[2].ms, found[2].madds, found[2].bytes) == (None, 0.1, 7, 8)
    assert (found[3].b, found[3].ms) == (None, 0)
    assert sum(row.ms for row in difference(b, a)) == pytest.approx(-sum(row.ms for row in found))


def test_the_tables_have_a_row_a_layer_and_leave_unknown_costs_empty() -> None:
    path = PathLayers("sliced", 2, 1, (CONV, WIDE, BARE))
    text = printed(layers_table(Layers(PEAKS, (path,)), path))
    assert "path 1, 2 threads: 0.540 ms in its layers" in text and "several threads" in text
    assert row(text, "conv") == ["conv", "conv2d", "prefix", "0.0400", "7.4%", "1.000", "100.0", "50%"]
    assert row(text, "wide") == ["wide", "pointwise", "suffix", "0.5000", "92.6%", "2.000", "4000.0", "80%"]
    assert row(text, "1 smaller ones") == ["1 smaller ones", "", "", "0.0000", "0.0%", "", "", ""] and BARE.name not in text
    longer = PathLayers("sliced", 2, 1, (CONV, WIDE, replace(BARE, ms=0.06)))
    text = printed(layers_table(Layers(PEAKS, (longer,)), longer))
    assert row(text, BARE.name) == [BARE.name, "Sigmoid", "suffix", "0.0600", "10.0%", "", "", ""] and "smaller" not in text
    text = printed(difference_table(PathLayers("sliced", 1, 0, (CONV,)), path))
    assert "path 1 less path 0, sliced" in text and "+0.500 ms" in text
    assert row(text, "wide") == ["wide", "pointwise", "suffix", "", "0.5000", "+0.5000", "+2.000", "+4000.0"]
    assert "conv2d" not in text


def printed(table: Any) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def row(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if f" {name} " in line and "│" in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


RECORD: dict[str, Any] = {
    "threads": 4,
    "isa": "neon",
    "layers": {
        "peaks": {"gmadds_per_s": 9.6, "read_gb_per_s": 5},
        "runs": 50,
        "paths": [
            {
                "path": 3,
                "layers": [
                    {"name": "stem", "kind": "conv2d", "segment": "prefix", "ms": 1.5, "madds": 1000, "bytes": 64},
                    {"name": "gate", "kind": "linear", "segment": "gate", "ms": 0, "madds": 10, "bytes": 8},
                ],
            }
        ],
    },
}


def test_a_record_of_dsnet_bench_becomes_layers() -> None:
    stem, gate = Layer("stem", "conv2d", "prefix", 1.5, 1000, 64), Layer("gate", "linear", "gate", 0.0, 10, 8)
    assert layers_from_bench(RECORD) == Layers(Peaks(9.6, 5.0), (PathLayers("sliced", 4, 3, (stem, gate)),))


def change(*steps: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(record: dict[str, Any]) -> None:
        place: Any = record
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] = to

    return apply


LAYER: tuple[str | int, ...] = ("layers", "paths", 0, "layers", 0)


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        (change("layers", to=None), "layers: it is missing"),
        (change("layers", "paths", to={}), "layers.paths"),
        (change("layers", "paths", to=["0"]), "layers.paths"),
        (change("layers", "peaks", to=None), "layers.peaks"),
        (change("layers", "peaks", "gmadds_per_s", to=0), "layers.peaks.gmadds_per_s"),
        (change("layers", "peaks", "read_gb_per_s", to=float("inf")), "layers.peaks.read_gb_per_s"),
        (change("layers", "paths", 0, "path", to=-1), r"layers.paths\[0\].path"),
        (change("layers", "paths", 0, "path", to="0"), r"layers.paths\[0\].path"),
        (change("layers", "paths", to=[RECORD["layers"]["paths"][0]] * 2), "a path occurs twice"),
        (change("threads", to=None), "threads"),
        (change(*LAYER, to=7), r"layers\[0\]"),
        (change(*LAYER, "ms", to=float("nan")), r"layers\[0\].ms"),
        (change(*LAYER, "ms", to=-1.0), r"layers\[0\].ms"),
        (change(*LAYER, "madds", to=1.5), r"layers\[0\].madds"),
        (change(*LAYER, "bytes", to=True), r"layers\[0\].bytes"),
        (change(*LAYER, "segment", to="middle"), r"layers\[0\].segment"),
        (change(*LAYER, "name", to="a\x1b[2Jb"), "unprintable"),
        (change(*LAYER, "name", to="x" * 1001), r"layers\[0\].name"),
        (change(*LAYER, "more", to=1), r"layers\[0\]"),
    ],
)
def test_a_record_that_is_wrong_is_refused_by_field(damage: Callable[[dict[str, Any]], None], field: str) -> None:
    record = copy.deepcopy(RECORD)
    damage(record)
    with pytest.raises(DsnetError, match=field) as raised:
        layers_from_bench(record)
    assert str(raised.value).isprintable()


def test_a_record_that_is_none_is_refused(tmp_path: FilePath) -> None:
    for text in ("null", "[]", "3", '{"layers": null}', "{}"):
        with pytest.raises(DsnetError, match="it is missing"):
            layers_from_bench(json.loads(text))
