"""Networks of several gates, or none: step by step, in every precision and strategy, as the oracle says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from tiny import GATED, tiny_images, tiny_plan

from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native
from dsnet_edge.arch import Path
from dsnet_edge.errors import BundleError
from dsnet_edge.plan import Epilogue, Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import infer, infer_dynamic
from dsnet_edge.plan.quantize import quantize

PLANS = {name: tiny_plan(arch) for name, arch in GATED.items()}
TOLERANCE = {"fp32": 1e-5, "int8": 2e-2, "bf16": 2e-2, "fp16": 5e-3}


def in_precision(plan: Plan, precision: str) -> Plan:
    match precision:
        case "int8":
            return quantize(plan, calibrate(plan, tiny_images(plan, n=16, seed=7)))
        case "bf16" | "fp16":
            return to_half(plan, precision)
    return plan


def close(found: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    return found.shape == expected.shape and bool(np.all(np.abs(found - expected) <= tolerance * np.abs(expected).max(initial=0)))


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("name", PLANS)
def test_every_path_is_the_oracles_whole_and_gate_by_gate(name: str, precision: str, tmp_path: FilePath) -> None:
    plan, tolerance = in_precision(PLANS[name], precision), TOLERANCE[precision]
    write_sliced(plan, tmp_path / "model.dsnet")
    assert read_sliced(tmp_path / "model.dsnet").program == plan.program
    model = _native.Model(str(tmp_path / "model.dsnet"))
    assert (model.n_gates, model.n_paths) == (len(plan.program.gates), 9 if plan.program.gates else 3)
    (image,) = tiny_images(plan, n=1)
    sessions = [_native.Session(model, 1, isa) for isa in (None, "scalar")]
    for index, path in enumerate(plan.program.paths):
        logits, scores = (expected[0] for expected in infer(plan, image[None], path))
        for session in sessions:
            found, taken, found_scores, _ = session.run(image, index)
            assert taken == index and close(found, logits, tolerance) and close(found_scores, scores, tolerance)
            session.prefix(image)
            by_gate = [session.gate()]
            for choice in path.choices[: model.n_gates - 1] if model.n_gates else ():
                session.segment(choice)
                by_gate.append(session.gate())
            np.testing.assert_array_equal(np.concatenate(by_gate), found_scores)
            np.testing.assert_array_equal(session.suffix(index), found)
            np.testing.assert_array_equal(session.suffix(index), found)  # again on the same features


@pytest.mark.parametrize("precision", TOLERANCE)
def test_the_gates_choose_as_the_oracle_does(precision: str, tmp_path: FilePath) -> None:
    plan = in_precision(PLANS["two gates"], precision)
    images = tiny_images(plan, n=12)
    write_sliced(plan, tmp_path / "model.dsnet")
    session = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    expected = infer_dynamic(plan, images)[1]
    assert [session.run(image)[1] for image in images] == expected.tolist() and len(set(expected)) > 1


def test_without_a_gate_the_widest_path_runs(tmp_path: FilePath) -> None:
    plan = PLANS["no gate"]
    images = tiny_images(plan, n=2)
    write_sliced(plan, tmp_path / "model.dsnet")
    session = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    _, taken, scores, _ = session.run(images[0])
    assert taken == 2 and scores.size == 0
    session.prefix(images[0].copy())  # which keeps the image, as the caller may not
    kept = session.suffix(1)
    np.testing.assert_array_equal(kept, session.run(images[0], 1)[0])
    assert np.abs(kept - session.run(images[1], 1)[0]).max() > 1e-3


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("strategy", ["masking", "indexing"])
def test_the_other_strategies_give_the_same(strategy: str, precision: str, tmp_path: FilePath) -> None:
    plan = in_precision(PLANS["two gates"], precision)
    (image,) = tiny_images(plan, n=1)
    write_sliced(plan, tmp_path / "model.dsnet")
    sliced, other = (_native.Session(_native.Model(str(tmp_path / "model.dsnet"), how)) for how in ("slicing", strategy))
    for path in range(9):
        assert close(other.run(image, path)[0], sliced.run(image, path)[0], 1e-4)


def test_steps_out_of_order_and_other_choices_are_refused(tmp_path: FilePath) -> None:
    write_sliced(PLANS["two gates"], tmp_path / "model.dsnet")
    session = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    (image,) = tiny_images(PLANS["two gates"], n=1)
    with pytest.raises(_native.Error, match="needs prefix"):
        session.gate()
    session.prefix(image)
    with pytest.raises(_native.Error, match="of the gate that has just run"):
        session.segment(0)
    session.gate()
    with pytest.raises(_native.Error, match="every gate"):
        session.suffix(4)  # one gate has not chosen
    for choice in (-1, 3):
        with pytest.raises(_native.Error, match="of the gate that has just run"):
            session.segment(choice)
    session.segment(1)
    session.gate()
    with pytest.raises(_native.Error, match="is not the last"):
        session.segment(1)
    for path in (0, 2, 6, 8):
        with pytest.raises(_native.Error, match="makes the choices"):
            session.suffix(path)
    for path in (3, 4, 5):
        np.testing.assert_array_equal(session.suffix(path), session_on(tmp_path).run(image, path)[0])


def session_on(folder: FilePath) -> _native.Session:
    return _native.Session(_native.Model(str(folder / "model.dsnet")))


@pytest.mark.parametrize("op", ["blocks.2.attention.reduce", "blocks.3.conv.norm", "gate.0"])
def test_a_file_whose_segments_know_choices_of_later_gates_is_refused(op: str, tmp_path: FilePath) -> None:
    plan = PLANS["two gates"]
    ops = tuple(replace(o, rows=tuple(range(9))) if o.name == op else o for o in plan.program.ops)
    output = next(o.output for o in ops if o.name == op)
    rows = np.ones((9, max(plan.program.value(output).channels)), np.float32)
    spoilt = replace(plan, program=replace(plan.program, ops=ops), epilogues={**plan.epilogues, op: Epilogue(rows, rows)})
    write_sliced(spoilt, tmp_path / "model.dsnet")
    with pytest.raises(_native.Error, match=rf"dsnet.op.row\[\d+\] \('{op}'\): expected the same row on paths 0 and 1"):
        _native.Model(str(tmp_path / "model.dsnet"))


def test_paths_that_are_no_product_are_refused_by_both_readers(tmp_path: FilePath) -> None:
    plan = PLANS["two gates"]
    paths = tuple(Path((choice, choice)) for choice in range(3))
    columns = [plan.program.index(path) for path in paths]
    values = tuple(replace(v, channels=tuple(v.channels[c] for c in columns)) for v in plan.program.values)
    ops = tuple(replace(op, rows=op.rows[:3]) for op in plan.program.ops)
    write_sliced(replace(plan, program=replace(plan.program, paths=paths, values=values, ops=ops)), tmp_path / "model.dsnet")
    with pytest.raises(_native.Error, match=r"dsnet\.path\.choice: expected every combination of its choices, found 3 paths"):
        _native.Model(str(tmp_path / "model.dsnet"))
    with pytest.raises(BundleError, match="which makes 9 paths and not 3"):
        read_sliced(tmp_path / "model.dsnet")
