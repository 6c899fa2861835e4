"""`model.dsnet` of every precision: what is written is what is read, and lies where docs/format.md says."""

import numpy as np
import pytest
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.layout import pack_panels
from dsnet_convert.sliced import write_sliced
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.elements import MAP_TYPE
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.model_file import read_sliced, unpack_panels
from dsnet_edge.plan.oracle import infer
from dsnet_edge.plan.quantize import quantize


def plan_in(precision, arch=None):
    plan = tiny_plan(arch)
    if precision == "int8":
        return quantize(plan, calibrate(plan, tiny_images(plan, 8)))
    return plan if precision == "fp32" else to_half(plan, precision)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("precision", MAP_TYPE)
@pytest.mark.parametrize("activation", ["silu", "relu"])
def test_reading_gives_back_the_plan(precision, activation, tmp_path):
    plan = plan_in(precision, tiny_arch(activation=activation))
    write_sliced(plan, tmp_path / "model.dsnet")
    found = read_sliced(tmp_path / "model.dsnet")
    assert found.program == plan.program
    assert found.program.precision == precision
    assert_same(found.tensors, plan.tensors)
    assert found.epilogues.keys() == plan.epilogues.keys()
    for name, epilogue in plan.epilogues.items():
        for part in ("scale", "shift"):
            np.testing.assert_array_equal(getattr(found.epilogues[name], part), getattr(epilogue, part))
    assert (found.quant is None) == (precision != "int8")
    if plan.quant and found.quant:
        for part in ("scales", "zero_points", "sums", "tables"):
            assert_same(getattr(found.quant, part), getattr(plan.quant, part))
        assert bool(plan.quant.tables) == (activation == "silu")
    image = tiny_images(plan, 1)
    np.testing.assert_array_equal(infer(found, image, plan.program.paths[1])[0], infer(plan, image, plan.program.paths[1])[0])


@pytest.mark.parametrize("group", [2, 4])
def test_grouped_panels_hold_every_weight_at_its_place(group):
    weight = (np.arange(37 * 11).reshape(37, 11) % 255 - 127).astype(np.int8)
    panels = pack_panels(weight, group)
    n_groups = -(-11 // group)
    assert panels.shape == (3, n_groups, 16, group)
    for o in range(37):
        for k in range(11):
            at = (o // 16) * n_groups * 16 * group + (k // group) * 16 * group + (o % 16) * group + k % group
            assert panels.reshape(-1)[at] == weight[o, k]
    assert panels.sum(dtype=int) == weight.sum(dtype=int)  # the rest is zero
    np.testing.assert_array_equal(unpack_panels(panels, (37, 11), group), weight)


def test_types_that_do_not_fit_the_precision_are_refused(tmp_path):
    write_sliced(plan_in("int8"), tmp_path / "model.dsnet")
    data = (tmp_path / "model.dsnet").read_bytes()
    for found, replacement, reason in (
        (b"\x04\0\0\0\0\0\0\0int8", b"\x04\0\0\0\0\0\0\0fp16", "dsnet.value.type does not fit dsnet.precision 'fp16'"),
        (b"\x04\0\0\0\0\0\0\0int8", b"\x04\0\0\0\0\0\0\0int9", "KeyError: 'int9'"),
        (b"dsnet.value.scale", b"dsnet.value.scalf", "KeyError: 'dsnet.value.scale'"),
        (b"blocks.2.pointwise.sums\x02", b"blocks.2.pointwise.xums\x02", "KeyError: 'blocks.2.pointwise.sums'"),
    ):
        assert data.count(found) == 1
        (tmp_path / "bad.dsnet").write_bytes(data.replace(found, replacement))
        with pytest.raises(BundleError, match=r"bad\.dsnet") as caught:
            read_sliced(tmp_path / "bad.dsnet")
        assert reason in str(caught.value)


def test_damaged_metadata_of_an_int8_file_is_one_clear_error(tmp_path):
    """Bit flips and truncations: refused, or harmless, never another exception."""
    write_sliced(plan_in("int8"), tmp_path / "model.dsnet")
    data, generator = (tmp_path / "model.dsnet").read_bytes(), np.random.default_rng(0)
    at = data.index(b"dsnet.precision")
    refused = 0
    for trial in range(200):
        bad = bytearray(data[: len(data) * trial // 40] if trial < 40 else data)
        if trial >= 40:
            bad[generator.integers(at, at + 8000)] ^= 1 << generator.integers(0, 8)
        (tmp_path / "bad.dsnet").write_bytes(bad)
        try:
            read_sliced(tmp_path / "bad.dsnet")
        except BundleError as error:
            refused += 1
            assert "bad.dsnet" in str(error)
    assert refused > 80
