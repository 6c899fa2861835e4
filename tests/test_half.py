"""bf16 and fp16: rounding against torch's own types, closeness to fp32, and the native runtime against the oracle."""

import numpy as np
import pytest
import torch
from test_sliced import ISAS, available_isas
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.golden import golden_images, golden_outputs
from dsnet_convert.sliced import write_sliced
from dsnet_convert.source import from_checkpoint
from dsnet_edge import _native, demo
from dsnet_edge.arch import Arch, Block, Gate
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.elements import decode, encode
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.oracle import infer, run_segment
from dsnet_edge.runtime.measures import TOLERANCE

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


def networks():
    photos = demo.photos()[:3]
    plan = from_checkpoint(demo.CHECKPOINT).plan
    yield "demo", plan, golden_images(plan, photos)
    for name, arch in (
        ("silu", tiny_arch()),
        ("relu6, tanh", tiny_arch(n_paths=2, activation="relu6", attention="one_plus_tanh", bias=True)),
        ("relu, one path, odd size", tiny_arch(n_paths=1, activation="relu", image_size=23)),
    ):
        plan = tiny_plan(arch, seed=2)
        yield name, plan, tiny_images(plan, 3)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize(("name", "exact", "images"), networks(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_native_runtime_equals_the_oracle_on_every_path(name, exact, images, precision, tmp_path):
    plan = to_half(exact, precision)
    write_sliced(plan, tmp_path / "model.dsnet")
    write_sliced(exact, tmp_path / "exact.dsnet")
    golden = golden_outputs(plan, images)
    model = _native.Model(str(tmp_path / "model.dsnet"))
    assert model.arena_bytes < 0.8 * _native.Model(str(tmp_path / "exact.dsnet")).arena_bytes
    for isa in available_isas(model):
        for index in range(model.n_paths):
            results = []
            for threads in (1, 2):
                session = _native.Session(model, threads, isa)
                results.append([session.run(image, index) for image in images])
            logits, scores = (np.array([result[part] for result in results[0]]) for part in (0, 2))
            assert abs(logits - golden.logits[index]).max() <= TOLERANCE[precision] * abs(golden.logits[index]).max()
            assert abs(scores - golden.scores).max() <= TOLERANCE[precision] * abs(golden.scores).max()
            for one, two in zip(*results, strict=True):
                np.testing.assert_array_equal(one[0], two[0])
                np.testing.assert_array_equal(one[2], two[2])


def test_a_convolution_may_read_a_feature_map(tmp_path):
    """The image is float32, what a later convolution reads is not."""
    arch = tiny_arch()
    blocks = (arch.blocks[0], Block("conv", (8,) * 3, 1, activation="relu6"), *arch.blocks[1:])
    exact = tiny_plan(Arch("two", arch.image_size, arch.n_classes, blocks, (Gate(block=3, n_choices=3),)))
    images = tiny_images(exact, 2)
    for precision in ("bf16", "fp16"):
        plan = to_half(exact, precision)
        write_sliced(plan, tmp_path / "model.dsnet")
        model = _native.Model(str(tmp_path / "model.dsnet"))
        for isa in available_isas(model):
            for index, path in enumerate(plan.program.paths):
                expected = infer(plan, images, path)[0]
                found = np.array([_native.Session(model, 1, isa).run(image, index)[0] for image in images])
                assert abs(found - expected).max() <= TOLERANCE[precision] * abs(expected).max()


def test_a_session_names_the_kernels_that_run(tmp_path):
    best = {}
    for precision in ("fp32", "bf16", "fp16"):
        plan = tiny_plan() if precision == "fp32" else to_half(tiny_plan(), precision)
        write_sliced(plan, tmp_path / "model.dsnet")
        model = _native.Model(str(tmp_path / "model.dsnet"))
        assert _native.Session(model, 1, "scalar").isa == "scalar"
        best[precision] = _native.Session(model).isa
    assert best["fp32"] in ISAS
    assert best["bf16"] in (best["fp32"], f"{best['fp32']}-bf16")
    assert best["fp16"] in (best["fp32"], f"{best['fp32']}-fp16")
