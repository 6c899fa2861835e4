"""The architecture values: path spaces, presets and their JSON."""

import json

import numpy as np
import pytest

from dsnet_edge.arch import PRESETS, Path, PathSpace, arch_from_dict, arch_to_dict, preset
from dsnet_edge.errors import BundleError, DsnetError, PathError


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip(name):
    arch = preset(name)
    assert arch_from_dict(json.loads(json.dumps(arch_to_dict(arch))), "test") == arch


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda d: d.pop("gates"), "gates"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d.update(n_classes=-1), "n_classes"),
        (lambda d: d.update(image_size=True), "image_size"),
        (lambda d: d["blocks"][0].update(kind="deconv"), "kind"),
        (lambda d: d["blocks"][2].update(activation="exec"), "activation"),
        (lambda d: d["blocks"][8].update(widths=list(range(160, 145, -1))), "decrease"),
        (lambda d: d["gates"][0].update(block=10**9), "valid architecture"),
        (lambda d: d.update(blocks="none"), "valid architecture"),
    ],
)
def test_hostile_json_is_one_clear_error(change, word):
    data = json.loads(json.dumps(arch_to_dict(preset("dsmbnet14-32"))))
    change(data)
    with pytest.raises(BundleError, match=word) as caught:
        arch_from_dict(data, "x.safetensors")
    assert "x.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_released_space_is_the_authors():
    """Table of the released code: fixed prefix, 14 routed widths, and the wider teacher."""
    arch = preset("dsmbnet14")
    assert len(arch.space) == 14
    assert arch.space.teacher not in arch.space
    for p, path in enumerate(arch.space.paths()):
        widths = [arch.c_out(block, path) for block in range(len(arch.blocks))]
        assert widths == [16, 32, 48, 48, 96, 96] + [224 + 32 * p] * 6 + [736 + 32 * p] * 2
    teacher = [arch.c_out(block, arch.space.teacher) for block in range(len(arch.blocks))]
    assert teacher == [24, 88, 168, 168, 264, 264] + [640] * 6 + [1152] * 2
    hidden = [block.attention.hidden for block in arch.blocks if block.attention]
    assert hidden == [6, 22, 42, 42, 66, 66, 160, 160, 160, 160, 160, 160, 288]


def test_paper_space_has_18_ratios_on_a_fixed_half():
    arch = preset("dsmbnet18")
    assert len(arch.space) == 18
    assert arch.space.teacher == arch.space.widest
    for p, path in enumerate(arch.space.paths()):
        widths = [arch.c_out(block, path) for block in range(len(arch.blocks))]
        assert widths[:6] == [16, 32, 64, 64, 128, 128]
        for width, base in zip(widths[6:], [512] * 6 + [1024] * 2, strict=True):
            assert width % 8 == 0
            assert abs(width - (0.35 + 0.05 * p) * base) <= 4


def test_statistics_rows_follow_the_whole_history():
    """The teacher is as wide as path 13 in the suffix, but what it sees there differs, so it has a row of its own."""
    arch = preset("dsmbnet14")
    assert arch.rows(-1) == (0,) * 15
    assert arch.rows(5) == (0,) * 14 + (1,)
    assert arch.rows(6) == tuple(range(15))


def test_space_enumerates_samples_and_restricts():
    space = PathSpace(((0, 1, 2), (0, 1)), Path((2, 1)))
    assert [str(path) for path in space.paths()] == ["0-0", "0-1", "1-0", "1-1", "2-0", "2-1"]
    assert len(space) == 6
    assert space.slimmest == Path((0, 0))
    assert space.widest == Path((2, 1))
    generator = np.random.default_rng(0)
    assert {space.sample(generator) for _ in range(200)} == set(space.paths())
    assert space.restrict(1, 2).paths() == (Path((1, 1)),)
    with pytest.raises(PathError, match=r"no choice is left in \[3, 5\); the gates choose from 0 to 2; 0 to 1"):
        space.restrict(3, 5)


def test_any_choices_make_a_space():
    space = PathSpace((tuple(range(14)),), Path((14,))).choose((13, 0, 6, 0, 7))
    assert space.paths() == tuple(Path((choice,)) for choice in (0, 6, 7, 13))
    assert space == PathSpace(((0, 6, 7, 13),), Path((14,)))
    assert [space.index(path) for path in space.paths()] == [0, 1, 2, 3]
    assert Path((5,)) not in space
    assert space.restrict(1, 8).paths() == (Path((6,)), Path((7,)))
    assert {space.sample(np.random.default_rng(seed)) for seed in range(60)} == set(space.paths())
    for choices in ((0, 8), range(6, 10**12)):
        with pytest.raises(PathError, match="there is no choice 8; the gates choose from 0, 6 to 7, 13"):
            space.choose(choices)
    with pytest.raises(PathError, match="no gate can choose path 14"):
        space.index(Path((14,)))
    with pytest.raises(PathError, match="no choice is left; choose from 0, 6 to 7, 13"):
        space.choose(())


def test_the_space_of_paths_is_theirs_alone():
    square = [Path((a, b)) for a in (2, 0) for b in (5, 1)]
    assert PathSpace.of(square) == PathSpace(((0, 2), (1, 5)), Path((2, 5)))
    with pytest.raises(PathError, match="the gates choose from 0, 2; 1, 5, which makes 4 paths and not 3"):
        PathSpace.of(square[1:])
    with pytest.raises(PathError, match="no path is left"):
        PathSpace.of([])
    for gates in ((), ((),), ((1, 0),), ((0, 0),), ((-1, 0),)):
        with pytest.raises(ValueError, match="increase from 0 up"):
            PathSpace(gates, Path((0,)))


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(DsnetError, match="dsmbnet14-32"):
        preset("mobilenet")
