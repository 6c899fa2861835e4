"""`model.dsnet`: written and read back, and run by the native runtime as the oracle says."""

from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.layout import pack_panels
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native
from dsnet_edge.arch import preset
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.model_file import read_sliced, unpack_panels
from dsnet_edge.plan.oracle import infer, infer_dynamic

ISAS = ("scalar", "avx2", "avx512", "neon")


def available_isas(model):
    """The instruction sets this CPU and this build have; a session refuses the others."""
    found = []
    for isa in ISAS:
        try:
            _native.Session(model, 1, isa)
            found.append(isa)
        except _native.Error as error:
            assert isa in str(error)
    return found


def networks():
    yield "silu", tiny_plan()
    yield "relu6, tanh", tiny_plan(tiny_arch(n_paths=2, activation="relu6", attention="one_plus_tanh", bias=True), seed=2)
    yield "relu, one path", tiny_plan(tiny_arch(n_paths=1, activation="relu"), seed=3)
    yield "odd size", tiny_plan(tiny_arch(image_size=23), seed=4)
    yield "released", random_plan(preset("dsmbnet14-32"), 0)
    yield "paper", random_plan(preset("dsmbnet18-64"), 0)


@pytest.mark.parametrize(("name", "plan"), networks(), ids=lambda value: value if isinstance(value, str) else "")
def test_native_runtime_equals_the_oracle_on_every_path(name, plan, tmp_path):
    write_sliced(plan, tmp_path / "model.dsnet")
    model = _native.Model(str(tmp_path / "model.dsnet"))
    (image,) = tiny_images(plan, n=1)
    expected = [infer(plan, image[None], path) for path in plan.program.paths]
    isas = available_isas(model)
    assert "scalar" in isas
    for isa in isas:
        for threads in (1, 2):
            session = _native.Session(model, threads, isa)
            for index, (expected_logits, expected_scores) in enumerate(expected):
                logits, taken, scores, _ = session.run(image, index)
                assert taken == index
                assert abs(logits - expected_logits[0]).max() <= 1e-4 * abs(expected_logits).max()
                assert abs(scores - expected_scores[0]).max() <= 1e-4 * abs(expected_scores).max()
            assert session.run(image)[1] == infer_dynamic(plan, image[None])[1][0]


def test_thread_counts_agree_to_the_bit(tmp_path):
    plan = random_plan(preset("dsmbnet14-32"), 1)
    write_sliced(plan, tmp_path / "model.dsnet")
    model = _native.Model(str(tmp_path / "model.dsnet"))
    (image,) = tiny_images(plan, n=1)
    results = [_native.Session(model, threads).run(image, 13)[0] for threads in (1, 2, 3)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_reading_gives_back_the_plan(tmp_path):
    for name in ("dsmbnet14-32", "dsmbnet18-32"):
        plan = random_plan(preset(name), 0)
        write_sliced(plan, tmp_path / "model.dsnet")
        found = read_sliced(tmp_path / "model.dsnet")
        assert found.program == plan.program
        assert found.labels == plan.labels
        for key, tensor in plan.tensors.items():
            np.testing.assert_array_equal(found.tensors[key], tensor)
        for key, epilogue in plan.epilogues.items():
            np.testing.assert_array_equal(found.epilogues[key].shift, epilogue.shift)
            np.testing.assert_array_equal(found.epilogues[key].scale, epilogue.scale)


def test_panels_hold_every_weight_at_its_place():
    weight = np.arange(37 * 5, dtype=np.float32).reshape(37, 5) + 1
    panels = pack_panels(weight)
    assert panels.shape == (3, 5, 16)
    for o in range(37):
        for k in range(5):
            assert panels.reshape(-1)[(o // 16) * 5 * 16 + k * 16 + o % 16] == weight[o, k]
    assert panels.sum() == weight.sum()  # the unused lanes are zero
    np.testing.assert_array_equal(unpack_panels(panels, (37, 5)), weight)


def test_the_arena_holds_every_weight_once_and_no_path_copies_it(tmp_path):
    """Every path reads each op's weights from the same address inside the mapping, the wider path merely further."""
    plan = random_plan(preset("dsmbnet14-32"), 0)
    write_sliced(plan, tmp_path / "model.dsnet")
    model = _native.Model(str(tmp_path / "model.dsnet"))
    maps = Path("/proc/self/maps").read_text().splitlines()
    (mapping,) = [line.split() for line in maps if line.endswith(str(tmp_path / "model.dsnet"))]
    first, last = (int(address, 16) for address in mapping[0].split("-"))
    assert first <= model.arena_address
    assert model.arena_address + model.arena_bytes <= last
    assert mapping[1].startswith("r-"), "the mapping is read-only"
    assert model.arena_bytes < 1.06 * plan.arena_bytes, "padding apart, every weight is there once"
    assert model.op_count == len(plan.program.ops)
    for index, op in enumerate(plan.program.ops):
        spans = [model.op_weights(index, path) for path in range(model.n_paths)]
        if not op.has_weight:
            assert all(span == (0, 0) for span in spans)
            continue
        assert len({address for address, _ in spans}) == 1
        assert model.arena_address <= spans[0][0]
        assert spans[-1][0] + spans[-1][1] <= model.arena_address + model.arena_bytes
        assert [extent for _, extent in spans] == sorted(extent for _, extent in spans)


def test_values_of_panels_are_checked_on_demand_and_narrow_paths_do_not_meet_the_wide_ones(tmp_path):
    """A number that is not finite, in the last weight that only the widest path reads."""
    plan = random_plan(preset("dsmbnet14-32"), 0)
    good, bad = tmp_path / "good.dsnet", tmp_path / "bad.dsnet"
    write_sliced(plan, good)
    intact = _native.Model(str(good))
    intact.check()
    pointwise = max(i for i, op in enumerate(plan.program.ops) if op.kind == "pointwise")
    address, extent = intact.op_weights(pointwise, 13)
    data = bytearray(good.read_bytes())
    end = len(data) - intact.arena_bytes + address - intact.arena_address + extent
    data[end - 4 : end] = np.float32(np.nan).tobytes()
    bad.write_bytes(data)
    spoiled = _native.Model(str(bad))
    (image,) = tiny_images(plan, n=1)
    before, after = _native.Session(intact), _native.Session(spoiled)
    np.testing.assert_array_equal(after.run(image, 12)[0], before.run(image, 12)[0])
    assert not np.isfinite(after.run(image, 13)[0]).all()
    with pytest.raises(_native.Error, match=f"bad.dsnet: tensor '{plan.program.ops[pointwise].name}.weight': expected finite"):
        spoiled.check()


def test_session_keeps_its_model_alive_and_refuses_misuse(tmp_path):
    plan = tiny_plan()
    write_sliced(plan, tmp_path / "model.dsnet")
    session = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    (image,) = tiny_images(plan, n=1)
    session.prefix(image)
    for path in (-2, 3, 1000):
        with pytest.raises(_native.Error, match="path"):
            session.run(image, path)
    with pytest.raises((_native.Error, TypeError, ValueError)):
        session.prefix(image[:5])
    with pytest.raises(_native.Error):
        _native.Session(_native.Model(str(tmp_path / "model.dsnet")), 0)
    fresh = _native.Session(_native.Model(str(tmp_path / "model.dsnet")))
    with pytest.raises(_native.Error):
        fresh.suffix(0)


def test_damaged_files_are_one_clear_error_for_both_readers(tmp_path):
    """Truncations and bit flips over the whole metadata: refused, or harmless, never a crash."""
    plan = tiny_plan()
    write_sliced(plan, tmp_path / "model.dsnet")
    data = (tmp_path / "model.dsnet").read_bytes()
    generator = np.random.default_rng(0)
    damaged = tmp_path / "damaged.dsnet"
    refused = 0
    for trial in range(300):
        bad = bytearray(data)
        if trial < 60:
            bad = bad[: len(bad) * trial // 60]
        else:
            bad[generator.integers(0, 6000)] ^= 1 << generator.integers(0, 8)
        damaged.write_bytes(bad)
        try:
            session = _native.Session(_native.Model(str(damaged)))
            session.run(np.zeros((plan.input.height, plan.input.width, 3), np.float32))
        except _native.Error as error:
            refused += 1
            assert "damaged.dsnet" in str(error)
            assert "\n" not in str(error)
        except (TypeError, ValueError):
            refused += 1  # another image size: the image no longer fits
    assert refused > 150
    for bad in (b"", b"GGUF", data[:1000], b"PK" + data[2:], data[:-64]):
        damaged.write_bytes(bad)
        with pytest.raises(BundleError, match="damaged"):
            read_sliced(damaged)
        with pytest.raises(_native.Error, match="damaged"):
            _native.Model(str(damaged))


def test_a_later_format_is_refused_by_name(tmp_path):
    write_sliced(tiny_plan(), tmp_path / "model.dsnet")
    data = (tmp_path / "model.dsnet").read_bytes()
    key = b"dsnet.format_version"
    at = data.index(key) + len(key) + 4
    (tmp_path / "later.dsnet").write_bytes(data[:at] + b"\x09" + data[at + 1 :])
    with pytest.raises(_native.Error, match=r"format_version.*9") as caught:
        _native.Model(str(tmp_path / "later.dsnet"))
    assert caught.value.status == 3
    with pytest.raises(BundleError, match=r"format_version is 9"):
        read_sliced(tmp_path / "later.dsnet")
