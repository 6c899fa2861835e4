"""bf16 and fp16 plans: rounding against torch's own types, and closeness to fp32."""

import numpy as np
import pytest
import torch
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.elements import decode, encode
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.oracle import infer, run_segment

EDGES = [0.0, -0.0, 1.0, 1.00390625, 1.01171875, 3.0e38, 1e-40, -65504.0, 6e-8, 2.0**-133, 1 + 2.0**-9, 1 + 3 * 2.0**-9]


@pytest.mark.parametrize(("element", "dtype"), [("bf16", torch.bfloat16), ("f16", torch.float16)])
def test_rounding_is_that_of_torch(element, dtype):
    generator = np.random.default_rng(0)
    numbers = np.array([*EDGES, *generator.normal(size=10_000)], np.float32)
    if element == "f16":
        numbers = numbers[abs(numbers) < 65520]
    found = decode(encode(numbers, element)).astype(np.float32)
    np.testing.assert_array_equal(found, torch.from_numpy(numbers).to(dtype).float().numpy())


@pytest.mark.parametrize(("precision", "element", "error"), [("bf16", "bf16", 0.03), ("fp16", "f16", 0.004)])
def test_a_half_plan_is_close_and_its_feature_maps_fit_two_bytes(precision, element, error):
    exact = tiny_plan(tiny_arch(n_paths=2, activation="relu6", attention="one_plus_tanh", bias=True))
    plan = to_half(exact, precision)
    assert plan.program.precision == precision
    images = tiny_images(exact, 4)
    for path in plan.program.paths:
        values = {"image": images.astype(np.float64)}
        for segment in ("prefix", "gate", "suffix"):
            values = run_segment(plan, segment, values, path)
        for value in plan.program.values:
            if value.type == element:
                np.testing.assert_array_equal(decode(encode(values[value.name], element)), values[value.name])
        expected = infer(exact, images, path)[0]
        found = abs(infer(plan, images, path)[0] - expected).max()
        assert 0 < found < error * abs(expected).max()
    pointwise = exact.tensors["blocks.1.pointwise.weight"]
    assert plan.tensors["blocks.1.pointwise.weight"].nbytes == pointwise.nbytes / 2
    assert plan.tensors["blocks.0.conv.weight"].dtype == plan.tensors["gate.weight"].dtype == np.float32


def test_a_weight_too_large_for_fp16_is_refused():
    plan = tiny_plan()
    plan.tensors["blocks.1.pointwise.weight"][0, 0] = 7e4
    with pytest.raises(DsnetError, match=r"blocks.1.pointwise.weight.*choose --precision bf16"):
        to_half(plan, "fp16")
    assert to_half(plan, "bf16").program.precision == "bf16"
