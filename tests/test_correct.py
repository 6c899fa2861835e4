"""Bias correction: the mean of every channel in int8 comes nearer to that in fp32, and nothing else changes."""

from __future__ import annotations

import numpy as np
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.correct import correct_bias
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.quant import sums_integers
from dsnet_edge.plan.quantize import quantize


def all_values(plan: Plan, images: np.ndarray, column: int) -> dict[str, np.ndarray]:
    """Real numbers of every value on a path."""
    values = {plan.program.image: images.astype(np.float64)}
    for segment in ("prefix", "gate", "suffix"):
        values = run_segment(plan, segment, values, plan.program.paths[column])
    if plan.quant is None:
        return values
    quant = plan.quant
    return {
        name: float(quant.scales[name][column]) * (x.astype(float) - quant.zero_points[name][column]) if x.dtype == np.int8 else x
        for name, x in values.items()
    }


def mean_errors(found: dict[str, np.ndarray], exact: dict[str, np.ndarray], plan: Plan) -> np.ndarray:
    """Of every channel of every convolution, over its spread."""
    errors = []
    for op in filter(sums_integers, plan.program.ops):
        a, b = found[op.output], exact[op.output]
        errors.append((a.mean((0, 1, 2)) - b.mean((0, 1, 2))) / (b.std((0, 1, 2)) + 1e-6))
    return np.concatenate(errors)


def test_the_mean_of_every_channel_comes_nearer() -> None:
    plan = tiny_plan(tiny_arch(n_paths=2, activation="none"))  # so that the outputs are what a shift is added to
    images = tiny_images(plan, 32)
    ranges = calibrate(plan, images)
    before, after = quantize(plan, ranges), quantize(correct_bias(plan, ranges, images), ranges)
    for column in range(2):
        exact = all_values(plan, images, column)
        left, had = (np.abs(mean_errors(all_values(int8, images, column), exact, plan)).mean() for int8 in (after, before))
        assert left < 0.65 * had, "what is left is the rounding of the outputs"


def test_only_shifts_change_and_each_path_has_its_own() -> None:
    plan = tiny_plan()
    images = tiny_images(plan, 8)
    shifts = {name: epilogue.shift.copy() for name, epilogue in plan.epilogues.items() if epilogue.shift is not None}
    corrected = correct_bias(plan, calibrate(plan, images), images)
    for name, shift in shifts.items():
        np.testing.assert_array_equal(plan.epilogues[name].shift, shift)
    assert corrected.tensors is plan.tensors
    assert corrected.program.values == plan.program.values
    for before, after in zip(plan.program.ops, corrected.program.ops, strict=True):
        if not before.has_weight:
            continue
        for column in range(3):
            row, new = (op.rows[column] if op.rows else 0 for op in (before, after))
            old, changed = plan.epilogues[before.name], corrected.epilogues[before.name]
            if old.scale is not None:
                np.testing.assert_array_equal(changed.scale[new], old.scale[row])
            if not sums_integers(before):
                assert changed.shift is old.shift or (changed.shift == old.shift).all()
            else:
                assert (changed.shift[new] != old.shift[row]).any()
    assert corrected.program.ops[-3].rows == (0, 1, 2)
