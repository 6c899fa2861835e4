"""The static torch graphs that the exporters start from, against the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny import ARCHS, tiny_arch, tiny_images, tiny_plan

from dsnet_convert.graph import StageGraph
from dsnet_convert.random_weights import random_plan
from dsnet_convert.stage import stages
from dsnet_edge.arch import Arch, preset
from dsnet_edge.plan import Plan
from dsnet_edge.plan.oracle import infer


def run_stages(plan: Plan, image: np.ndarray, layout: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Scores `[1, P]`, and the logits `[1, classes]` on each path."""
    prefix, gate, *suffixes = (StageGraph(plan, stage, layout) for stage in stages(plan))
    x = torch.from_numpy(image)
    with torch.no_grad():
        feature = prefix(x.permute(0, 3, 1, 2) if layout == "nchw" else x)
        scores, attention = gate(feature)
        return scores.numpy(), [suffix(feature, attention).numpy() for suffix in suffixes]


def assert_parity(plan: Plan, image: np.ndarray, layout: str) -> None:
    scores, logits = run_stages(plan, image, layout)
    for path, found in zip(plan.program.paths, logits, strict=True):
        expected, expected_scores = infer(plan, image, path)
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
        assert np.abs(scores - expected_scores).max() <= 1e-5 * np.abs(expected_scores).max()
        assert scores.argmax() == expected_scores.argmax()


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("arch", ARCHS.values(), ids=ARCHS.keys())
def test_every_path_agrees_with_the_oracle(arch: Arch, layout: str) -> None:
    plan = tiny_plan(arch)
    assert_parity(plan, tiny_images(plan, 1), layout)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_restricted_plan_keeps_its_paths(layout: str) -> None:
    plan = tiny_plan(tiny_arch(4)).restrict(1, 3)
    assert_parity(plan, tiny_images(plan, 1), layout)


@pytest.mark.parametrize("name", ["dsmbnet14-32", "dsmbnet18-32"])
def test_the_presets_agree_with_the_oracle(name: str) -> None:
    plan = random_plan(preset(name), 0)
    assert_parity(plan, tiny_images(plan, 1), "nhwc")


def test_a_path_gets_its_own_slice_and_nothing_more() -> None:
    plan = tiny_plan()
    for stage in stages(plan)[2:]:
        parameters = sum(p.numel() for p in StageGraph(plan, stage, "nchw").parameters())
        ops = [op for op in plan.program.segment("suffix") if op.has_weight]
        shapes = [plan.program.weight_shape(op, stage.path) for op in ops]
        assert parameters == sum(int(np.prod(shape)) + shape[0] for shape in shapes)
