"""int8 plans: the transform against what it must preserve, and its oracle against sums written out by hand."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.random_weights import random_plan
from dsnet_edge import demo
from dsnet_edge.arch import preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.float_ops import product
from dsnet_edge.plan.oracle import infer, run_op, run_segment
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.runtime.preprocess import preprocess


def int8(plan, n=16):
    return quantize(plan, calibrate(plan, tiny_images(plan, n)))


def op_named(plan, name):
    return next(op for op in plan.program.ops if op.name == name)


def snr_db(found, exact):
    return 10 * np.log10((exact**2).sum() / ((found - exact) ** 2).sum())


def real(plan, name, q, column):
    return float(plan.quant.scales[name][column]) * (q.astype(float) - plan.quant.zero_points[name][column])


@pytest.mark.parametrize("activation", ["silu", "relu", "relu6"])
def test_pointwise_equals_integer_sums_written_out(activation):
    """One pixel at a time with Python's own integers, from the numbers that the file holds."""
    plan = int8(tiny_plan(tiny_arch(activation=activation)))
    op, generator = op_named(plan, "blocks.2.pointwise"), np.random.default_rng(0)
    for column, path in enumerate(plan.program.paths):
        c_out, c_in = plan.program.weight_shape(op, path)
        q = generator.integers(-128, 128, (1, 2, 3, c_in)).astype(np.int8)
        found = run_op(plan, op, [q], path)
        zero, row = int(plan.quant.zero_points[op.input][column]), op.rows[column]
        zero_out = int(plan.quant.zero_points[op.output][column])
        for y in range(2):
            for x in range(3):
                for o in range(c_out):
                    weights = [int(w) for w in plan.tensors[f"{op.name}.weight"][o, :c_in]]
                    total = sum((int(v) - zero) * w for v, w in zip(q[0, y, x], weights, strict=True))
                    assert total == sum(int(v) * w for v, w in zip(q[0, y, x], weights, strict=True)) - zero * int(
                        plan.quant.sums[op.name][row, o]
                    )
                    t = float(np.float32(total)) * float(plan.epilogues[op.name].scale[row, o])
                    step = round(float(np.float32(t + float(plan.epilogues[op.name].shift[row, o]))))
                    low = zero_out if activation != "silu" else -128
                    six = round(float(np.float32(6) / plan.quant.scales[op.output][column]))
                    high = min(127, zero_out + six) if activation == "relu6" else 127
                    step = min(max(step, low), high)
                    expected = int(plan.quant.tables[op.name][row, step + 128]) if activation == "silu" else step
                    assert found[0, y, x, o] == expected


@pytest.mark.parametrize("window", [np.s_[:], np.s_[:, 1::2, ::2]], ids=["whole", "strided"])
def test_products_in_one_call_equal_integer_sums_to_the_bit(window):
    """At the widest sum of the full-size network and the largest numbers, beyond what float32 holds."""
    generator = np.random.default_rng(0)
    x, weight = generator.choice([-255, -254, 255], (3, 7, 5, 1152))[window], generator.choice([-128, -127, 127], (19, 1152))
    found = product(x.astype(np.float64), weight.astype(np.float64))
    expected = np.array([[[weight @ pixel for pixel in row] for row in image] for image in x])
    assert np.abs(expected).max() > 1 << 20
    np.testing.assert_array_equal(found, expected)
    largest = product(np.full((1, 1, 1, 1152), 255.0), np.full((1, 1152), -127.0) - (np.arange(1152) % 2))
    assert largest.item() == -255 * (127 * 1152 + 576)


def test_depthwise_padding_is_real_zero():
    """A constant image, whose border sums leave out the taps that fall outside."""
    plan = int8(tiny_plan(tiny_arch(activation="relu")))
    op = op_named(plan, "blocks.1.depthwise")
    path, c = plan.program.paths[0], plan.program.shape(op.input, plan.program.paths[0])[2]
    zero = int(plan.quant.zero_points[op.input][0])
    q = np.full((1, 3, 3, c), min(zero + 9, 127), np.int8)
    found = run_op(plan, op, [q], path)
    level = int(q.flat[0]) - zero
    taps = plan.tensors[f"{op.name}.weight"].astype(int)
    for channel in range(c):
        for y, x, rows, columns in ((1, 1, slice(0, 3), slice(0, 3)), (0, 0, slice(1, 3), slice(1, 3))):
            total = level * int(taps[channel, rows, columns].sum())
            t = total * float(plan.epilogues[op.name].scale[0, channel]) + float(plan.epilogues[op.name].shift[0, channel])
            expected = min(max(round(t), int(plan.quant.zero_points[op.output][0])), 127)
            assert found[0, y, x, channel] == expected


def test_the_other_ops_mean_what_their_real_numbers_say():
    plan, generator = int8(tiny_plan()), np.random.default_rng(0)
    path = plan.program.paths[1]
    pool, multiply = op_named(plan, "blocks.2.attention.pool"), op_named(plan, "blocks.2.attention.multiply")
    q = generator.integers(-128, 128, (2, 8, 8, 12)).astype(np.int8)
    x = real(plan, pool.input, q, 1)
    np.testing.assert_allclose(run_op(plan, pool, [q], path), x.mean(axis=(1, 2)), rtol=1e-6, atol=1e-6)
    factor = generator.uniform(0, 1, (2, 12)).astype(np.float32)
    product = real(plan, multiply.output, run_op(plan, multiply, [q, factor], path), 1)
    step = float(plan.quant.scales[multiply.output][1])
    low, high = (step * (edge - plan.quant.zero_points[multiply.output][1]) for edge in (-128, 127))
    assert abs(product - np.clip(x * factor[:, None, None], low, high)).max() <= 0.501 * step


def test_one_blob_serves_all_paths():
    """Every weight is within half a step of the fp32 one, and that step is the same on every path and in every row."""
    exact = random_plan(preset("dsmbnet14-32"), 0)
    plan = int8(exact, 4)
    for op in plan.program.ops:
        weight = plan.tensors.get(f"{op.name}.weight")
        if not op.has_weight or op in plan.program.slimming_head:
            assert weight is None or weight.dtype == np.float32
            continue
        assert weight.dtype == np.int8
        full = exact.tensors[f"{op.name}.weight"].reshape(len(weight), -1)
        step = np.abs(full).max(axis=1) / 127
        assert abs(weight.reshape(len(weight), -1) * step[:, None] - full).max() <= 0.501 * step.max()
        assert weight.min() >= -127
        if op.kind == "linear":
            np.testing.assert_allclose(plan.epilogues[op.name].scale, step[None], rtol=1e-6)
        if op.kind == "pointwise" and op.segment == "suffix":
            assert op.rows == tuple(range(14))
            assert plan.epilogues[op.name].scale.shape == (14, len(weight))
            for column in (0, 13):
                c_in = plan.program.value(op.input).channels[column]
                np.testing.assert_array_equal(plan.quant.sums[op.name][column], weight[:, :c_in].astype(int).sum(axis=1))
        if op.segment == "prefix" and op.kind != "linear":
            assert set(op.rows) == {0}
            assert len(plan.quant.sums[op.name]) == 1
    prefix = [op.output for op in plan.program.segment("prefix") if plan.program.value(op.output).type == "i8"]
    assert all(len(np.unique(plan.quant.scales[name])) == 1 for name in prefix)
    assert any(len(np.unique(scales)) == 14 for scales in plan.quant.scales.values())
    assert exact.arena_bytes / plan.arena_bytes > 2, "the tables of 14 paths weigh much in so small a network"


@pytest.mark.parametrize(
    "arch",
    [
        tiny_arch(),
        tiny_arch(n_paths=2, activation="relu6", attention="one_plus_tanh", bias=True),
        tiny_arch(n_paths=1, activation="relu"),
        tiny_arch(image_size=23),
    ],
    ids=["silu", "relu6", "relu", "odd"],
)
def test_feature_maps_and_logits_stay_close(arch):
    exact = tiny_plan(arch)
    plan = int8(exact)
    images = tiny_images(exact, 8, seed=7)
    for column, path in enumerate(plan.program.paths):
        floats, integers = {"image": images.astype(np.float64)}, {"image": images.astype(np.float64)}
        for segment in ("prefix", "gate", "suffix"):
            floats, integers = run_segment(exact, segment, floats, path), run_segment(plan, segment, integers, path)
        for value in plan.program.values[1:]:
            found = integers[value.name]
            assert found.dtype == (np.int8 if value.type == "i8" else np.float32)
            found = real(plan, value.name, found, column) if value.type == "i8" else found
            assert snr_db(found, floats[value.name]) > (20 if value.name == "classifier" else 15), value.name


def test_a_part_of_the_paths_computes_the_same():
    plan = int8(random_plan(preset("dsmbnet14-32"), 0), 4)
    images = tiny_images(plan, 2)
    for part in (plan.restrict(3, 8), plan.select((plan.program.paths[5],))):
        assert part.arena_bytes < plan.arena_bytes
        for path in part.program.paths:
            logits, scores = infer(part, images, path)
            whole, whole_scores = infer(plan, images, path)
            np.testing.assert_array_equal(logits, whole)
            choices = [p.choices[0] for p in part.program.paths]
            np.testing.assert_array_equal(scores, whole_scores[:, choices])


def test_bytes_are_those_of_the_element_types():
    exact = tiny_plan()
    plan = int8(exact)
    assert plan.program.precision == "int8"
    assert exact.program.activation_bytes(exact.program.paths[0]) == 4 * 8 * 8 * (12 + 12)  # a multiply
    assert plan.program.activation_bytes(plan.program.paths[0]) == 8 * 8 * (12 + 12)  # the same
    arrays = [*plan.tensors.values(), *plan.quant.sums.values(), *plan.quant.tables.values()]
    arrays += [a for e in plan.epilogues.values() for a in (e.scale, e.shift) if a is not None]
    assert plan.arena_bytes == sum(array.nbytes for array in arrays)
    widths = [plan.weight_bytes(path) for path in plan.program.paths]
    assert widths == sorted(widths)
    assert widths[-1] < plan.arena_bytes


def test_a_dead_layer_is_quantised_and_a_diverged_one_refused():
    dead = tiny_plan()
    dead.epilogues["blocks.1.depthwise"].scale[:] = 0
    dead.epilogues["blocks.1.depthwise"].shift[:] = 0
    plan = int8(dead)
    assert np.isfinite(infer(plan, tiny_images(dead, 2), dead.program.paths[0])[0]).all()
    assert all((scales > 1e-6).all() for scales in plan.quant.scales.values())
    dead.epilogues["blocks.3.pointwise"].scale[1, 2] = 1e9  # the ranges are those of another network
    with pytest.raises(DsnetError, match=r"blocks.3.pointwise, path 1: .*calibrate on more photos"):
        quantize(dead, calibrate(tiny_plan(), tiny_images(dead)))
    dead.epilogues["blocks.3.pointwise"].scale[1, 2] = 1
    dead.epilogues["blocks.3.depthwise"].shift[1, 2] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(DsnetError, match=r"blocks.3.depthwise: activations are not finite"):
        int8(dead)


def demo_plan():
    return Plan.from_checkpoint(demo.CHECKPOINT).routable()


def normalised(plan, images):
    """uint8 CIFAR images as the network sees them."""
    return (images / np.float32(255) - np.float32(plan.input.mean)) / np.float32(plan.input.std)


def test_demo_model_on_photos():
    exact = demo_plan()
    images = np.stack([preprocess(photo, exact.input) for photo in demo.photos()])
    crops = np.concatenate([images, images[:, :, ::-1], images[:, ::-1]])  # the model is small and its photos are few
    plan = quantize(exact, calibrate(exact, crops))
    for path in exact.program.paths:
        found, expected = infer(plan, images, path)[0], infer(exact, images, path)[0]
        assert snr_db(found, expected) > 15
        sure = np.sort(expected)[:, -1] - np.sort(expected)[:, -2] > 2  # logits
        assert (found.argmax(1) == expected.argmax(1))[sure].all()


@pytest.mark.skipif("DSNET_EDGE_DATA" not in os.environ, reason="set DSNET_EDGE_DATA to the folder with cifar10.tar.xz")
def test_demo_model_keeps_its_accuracy_on_cifar10():
    from dsnet_edge.train.sources import cifar10

    exact = demo_plan()
    train, test, _ = cifar10(Path(os.environ["DSNET_EDGE_DATA"]))
    plan = quantize(exact, calibrate(exact, normalised(exact, train[0][:: len(train[0]) // 64][:64])))
    images, labels = normalised(exact, test[0][::5]), test[1][::5]
    for path in (exact.program.paths[0], exact.program.paths[-1]):
        exact_values, values = {"image": images}, {"image": images}
        for segment in ("prefix", "gate", "suffix"):
            exact_values = run_segment(exact, segment, exact_values, path)
            values = run_segment(plan, segment, values, path)
        before, after = (100 * (v[exact.program.logits].argmax(1) == labels).mean() for v in (exact_values, values))
        assert before > 80
        assert after > before - 1.0


def test_int8_weights_alone_cost_the_linear_layers_nothing():
    """Weight-only int8 in attention and classifier: why the transform uses it (50 dB is far above the feature maps' noise)."""
    exact = demo_plan()
    images = np.stack([preprocess(photo, exact.input) for photo in demo.photos()])
    whole = quantize(exact, calibrate(exact, images))
    linear = {f"{op.name}.weight" for op in exact.program.ops if op.kind == "linear"}
    tensors = dict(exact.tensors)
    for name in linear:
        if whole.tensors[name].dtype == np.int8:
            tensors[name] = (whole.tensors[name] * whole.epilogues[name.removesuffix(".weight")].scale.T).astype(np.float32)
    partial = replace(exact, tensors=tensors)
    for path in (exact.program.paths[0], exact.program.paths[-1]):
        assert snr_db(infer(partial, images, path)[0], infer(exact, images, path)[0]) > 40
