"""The Plan: published costs, restriction to sub-spaces, and its oracle against PyTorch's own layers."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dsnet_convert.random_weights import random_plan
from dsnet_edge.arch import PRESETS, Path, preset
from dsnet_edge.plan import Program
from dsnet_edge.plan.oracle import infer, infer_dynamic
from dsnet_edge.plan.summary import summarise

# The authors' README and the count of their state dict, in millions.
RELEASED_MADDS = [133, 153, 175, 200, 226, 255, 286, 319, 355, 393, 433, 475, 519, 565]
RELEASED_PARAMETERS = [2.66, 2.94, 3.22, 3.53, 3.85, 4.18, 4.52, 4.89, 5.26, 5.65, 6.05, 6.47, 6.90, 7.35]


def test_madds_and_parameters_are_the_published_ones():
    program = Program.from_arch(preset("dsmbnet14"))
    paths = program.space.paths()
    assert [round(program.madds(path) / 1e6) for path in paths] == RELEASED_MADDS
    assert [program.parameters(path) / 1e6 for path in paths] == pytest.approx(RELEASED_PARAMETERS, abs=0.006)
    teacher = program.space.teacher
    assert round(program.madds(teacher) / 1e6, 1) == 819.9
    assert round(program.parameters(teacher) / 1e6, 3) == 7.676


def test_madds_by_kind_are_the_published_split():
    """Path 0 and path 13 of the released net: stem, depthwise, pointwise, attention, pooling, classifier, in millions."""
    program = Program.from_arch(preset("dsmbnet14"))
    for path, published in ((0, [5.42, 7.65, 117.31, 0.89, 0.89, 0.74]), (13, [5.42, 11.68, 543.91, 1.93, 1.35, 1.15])):
        found = dict.fromkeys(("conv2d", "depthwise", "pointwise", "attention", "global_pool", "classifier"), 0)
        for op in program.ops:
            kind = op.kind if op.kind != "linear" else "attention" if "attention" in op.name else op.name
            if kind in found:
                found[kind] += program.op_madds(op, program.paths[path])
        assert [count / 1e6 for count in found.values()] == pytest.approx(published, abs=0.006)


def test_madds_of_efficientnet_are_the_published_ones():
    """5.29 M parameters (torchvision's), 386 M multiply-adds of convolutions and linear layers, and the 399 M of the paper's
    table 8 where batch norm counts as two for every number it touches."""
    program = Program.from_arch(preset("effnet-b0"))
    (path,) = program.paths
    pooled = sum(program.op_madds(op, path) for op in program.ops if op.kind == "global_pool")
    convolutions = (op for op in program.ops if op.kind in ("conv2d", "depthwise", "pointwise"))
    normalised = sum(math.prod(program.shape(op.output, path)) for op in convolutions)
    assert program.parameters(path) == 5_288_548
    assert round((program.madds(path) - pooled) / 1e6, 1) == 385.8
    assert round((program.madds(path) - pooled + 2 * normalised) / 1e6) == 399


def test_madds_of_resnet_are_the_published_ones():
    """25,557,032 parameters (torchvision's, whose batch norm has as many) and the 4.1 B of table 3; DS-ResNet-L takes 3.1 B,
    and a gate that only saves takes 0.3 B (tables 2 and 6)."""
    static, program = Program.from_arch(preset("resnet50")), Program.from_arch(preset("dsresnet50"))
    (path,) = static.paths
    assert static.parameters(path) == 25_557_032
    assert round(static.madds(path) / 1e9, 1) == round(program.madds(program.space.widest) / 1e9, 1) == 4.1
    assert len(program.paths) == 256
    assert 0.3e9 < program.madds(program.space.slimmest) < 0.4e9
    middle = [program.madds(Path((choice,) * 4)) / 1e9 for choice in (1, 2)]
    assert middle == pytest.approx([1.1, 2.3], abs=0.1)  # static ResNet-50 at 0.5 and 0.75 (table 2), whose stems are slim, too


def test_madds_of_the_static_baselines_are_the_published_ones():
    """MobileNetV1 at 1.0 and 0.5 (table 2; its 317 M at 0.75 are 325 M by the same count), which a uniformly slimmable one has
    among its paths."""
    slimmable = Program.from_arch(preset("usmbnet"))
    madds = [slimmable.madds(path) for path in slimmable.paths]
    for ratio, published, path in (("0.50", 150, 5), ("0.75", 325, 10), ("1.00", 569, 15)):
        program = Program.from_arch(preset(f"mbnet-{ratio}"))
        assert program.madds(program.paths[0]) == madds[path]
        assert round(madds[path] / 1e6) == published
    assert madds == sorted(madds) and not slimmable.gates


def test_a_table_of_very_many_paths_shows_the_uniform_ones():
    summary = summarise(random_plan(preset("dsresnet50-32"), 0))
    assert len(summary.paths) == 256
    assert [row.choices for row in summary.shown] == [(c,) * 4 for c in range(4)]
    assert [row.name for row in summary.parts] == ["segment.0", "gate.0"]
    assert "252 paths" in summary.table().caption


def test_the_dynamic_efficientnet_reaches_from_below_to_above_the_papers_models():
    """DS-EffNet-S and -L take 270 M and 400 M on average (table 8)."""
    program = Program.from_arch(preset("dseffnet-b0"))
    madds = [program.madds(path) / 1e6 for path in program.space.paths()]
    assert len(madds) == 20 and madds == sorted(madds)
    assert madds[0] < 270
    assert madds[-1] > 400


@pytest.mark.parametrize("name", PRESETS)
def test_summary_adds_up(name):
    summary = summarise(random_plan(preset(name), 0)) if name.endswith(("-32", "-64")) else None
    program = Program.from_arch(preset(name))
    for path in program.space.paths():
        parts = sum(program.madds(path, segment) for segment in program.segments)
        head = sum(program.op_madds(op, path) for op in program.slimming_head)
        assert program.madds(path) == parts - head
    if summary:
        weights = [row.weight_bytes for row in summary.paths]
        assert len(program.gates) > 1 or weights == sorted(weights)
        assert weights[-1] <= summary.arena_bytes < summary.separate_bytes == sum(weights)


def test_segments_meet_at_the_double_headed_gate():
    for name in (name for name in PRESETS if len(preset(name).gates) == 1):
        program = Program.from_arch(preset(name))
        (feature,) = program.interface("prefix")[1]
        assert program.interface("gate")[0] == (feature,)
        assert program.interface("gate")[1][0] == program.scores
        assert program.interface("suffix")[0] == (feature, program.interface("gate")[1][1])
        assert program.interface("suffix")[1] == (program.logits,)


@pytest.mark.parametrize("name", ["dsmbnet14-32", "dsmbnet18-64", "dseffnet-b0-32"])
def test_oracle_equals_torch_layers(name):
    """Op by op with torch.nn.functional in float64: the same network, written down a second time."""
    plan = random_plan(preset(name), 3)
    x = np.random.default_rng(1).normal(size=(3, plan.input.height, plan.input.width, 3)).astype(np.float32)
    for path in (plan.program.paths[0], plan.program.paths[5], plan.program.paths[-1]):
        logits, scores = infer(plan, x, path)
        expected_logits, expected_scores = torch_infer(plan, x, path)
        np.testing.assert_allclose(logits, expected_logits, rtol=1e-6, atol=1e-6 * abs(expected_logits).max())
        np.testing.assert_allclose(scores, expected_scores, rtol=1e-6, atol=1e-6 * abs(expected_scores).max())


def torch_infer(plan, x, path):
    program, column = plan.program, plan.program.index(path)
    values = {"image": torch.from_numpy(x).double().permute(0, 3, 1, 2)}
    activations = {
        "none": lambda t: t, "relu": F.relu, "relu6": F.relu6, "silu": F.silu, "sigmoid": torch.sigmoid,
        "one_plus_tanh": lambda t: 1 + torch.tanh(t),
    }  # fmt: skip
    for op in program.ops:
        source = values[op.input]
        if op.kind == "global_pool":
            values[op.output] = F.adaptive_avg_pool2d(source, 1).flatten(1)
            continue
        if op.kind == "add":
            values[op.output] = source + values[op.input2]
            continue
        if op.kind == "multiply":
            values[op.output] = source * values[op.input2][:, :, None, None]
            continue
        c_in, c_out = (program.shape(name, path)[2] for name in (op.input, op.output))
        weight = torch.from_numpy(plan.tensors[f"{op.name}.weight"]).double()
        if op.kind == "linear":
            y = F.linear(source, weight[:c_out, :c_in])
        elif op.kind == "pointwise":
            y = F.conv2d(source, weight[:c_out, :c_in, None, None])
        elif op.kind == "depthwise":
            y = F.conv2d(source, weight[:c_out, None], stride=op.stride, padding=op.padding, groups=c_out)
        else:
            y = F.conv2d(source, weight[:c_out].permute(0, 3, 1, 2), stride=op.stride, padding=op.padding)
        shape = (-1,) + (1,) * (y.ndim - 2)
        epilogue = plan.epilogues[op.name]
        if epilogue.scale is not None:
            y = y * torch.from_numpy(epilogue.scale[op.rows[column], :c_out]).double().reshape(shape)
        if epilogue.shift is not None:
            y = y + torch.from_numpy(epilogue.shift[op.rows[column], :c_out]).double().reshape(shape)
        values[op.output] = activations[op.activation](y)
    return values[program.logits].float().numpy(), values[program.scores].float().numpy()


def test_restricted_plan_runs_the_same_paths_from_a_smaller_arena():
    plan = random_plan(preset("dsmbnet14-32"), 0)
    part = plan.restrict(3, 8)
    assert part.arena_bytes < plan.arena_bytes
    assert [path.choices[0] for path in part.program.paths] == [3, 4, 5, 6, 7]
    x = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype(np.float32)
    for path in part.program.paths:
        logits, scores = infer(part, x, path)
        whole_logits, whole_scores = infer(plan, x, path)
        np.testing.assert_array_equal(logits, whole_logits)
        np.testing.assert_array_equal(scores, whole_scores[:, 3:8])


def test_dynamic_inference_takes_the_argmax():
    plan = random_plan(preset("dsmbnet14-32"), 5)
    x = np.random.default_rng(2).normal(size=(5, 32, 32, 3)).astype(np.float32)
    logits, choice = infer_dynamic(plan, x)
    for index in range(5):
        expected, scores = infer(plan, x[index : index + 1], plan.program.paths[choice[index]])
        assert scores.argmax() == choice[index]
        np.testing.assert_array_equal(logits[index], expected[0])


def test_random_weights_keep_every_path_in_range():
    plan = random_plan(preset("dsmbnet14-64"), 0)
    x = np.random.default_rng(9).normal(size=(4, 64, 64, 3)).astype(np.float32)
    for path in plan.program.paths:
        logits, _ = infer(plan, x, path)
        assert 0.1 < logits.std() < 100
