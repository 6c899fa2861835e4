"""A Runner keeps to a bias or a budget, and refuses what it cannot keep to."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny import tiny_images, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import Profile, write_profile
from dsnet_edge.profile.sweep import DynamicPoint, Sweep
from dsnet_edge.runtime import Bundle, Runner, open_bundle
from profiles import energy, profile, series

COSTS = np.array([1.0, 1.5, 2.0])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    folder = tmp_path_factory.mktemp("budget") / "bundle"
    write_bundle(tiny_plan(), folder, ["sliced"], {"random_seed": 0})
    return open_bundle(folder)


@pytest.fixture(scope="module")
def measured(bundle) -> Profile:
    return profile(bundle=bundle.info, series=(series(ms=tuple(COSTS)),), energy=energy((2.0, 3.0, 4.0)))


def made_sweep(bundle: Bundle, *shares: tuple[float, ...]) -> Sweep:
    points = tuple(DynamicPoint(float(bias), 50.0, share, 1e6) for bias, share in enumerate(shares))
    return Sweep("2026-11-24T20:22:15+00:00", "a test", bundle.info, 100, "noise", "sliced", (1.0, 2.0, 3.0), points)


def test_a_bias_takes_the_path_of_the_shifted_scores(bundle) -> None:
    images, lean = tiny_images(tiny_plan(), n=20), np.array(bundle.madds) / bundle.madds[-1]
    scores = np.array([Runner(bundle).infer(image).scores for image in images])
    for bias in (-3.0, 0.0, 0.5, 3.0):
        _, paths = Runner(bundle, bias=bias).logits(images)
        np.testing.assert_array_equal(paths, (scores - bias * lean).argmax(1))


@pytest.mark.parametrize("asked", [{"budget_ms": 1.4}, {"budget_mj": 2.8}])
def test_a_budget_is_what_photos_cost_on_average(bundle, measured, asked) -> None:
    runner = Runner(bundle, profile=measured, **asked)
    generator = np.random.default_rng(0)
    photos = [(generator.random((4, 4, 3)) * 255).astype(np.uint8).repeat(8, 0).repeat(8, 1) for _ in range(300)]
    predictions = [runner(photo) for photo in photos]
    assert COSTS[[prediction.path for prediction in predictions]].mean() == pytest.approx(1.4, abs=0.02)
    assert predictions[-1].spent == pytest.approx(sum(asked.values()), abs=0.04)
    assert len({prediction.bias for prediction in predictions}) > 1


def test_a_path_of_the_callers_is_not_booked(bundle, measured) -> None:
    runner = Runner(bundle, budget_ms=1.4, profile=measured)
    prediction = runner(np.zeros((20, 20, 3), np.uint8), path=2)
    assert (prediction.path, prediction.bias, runner.state.images) == (2, 0.0, 0)


def test_with_a_sweep_the_bias_is_that_between_its_points(bundle, measured) -> None:
    # By shares, 1.75 ms at bias 0 and 1.25 ms at bias 1: 1.4 ms lies 0.7 of the way.
    found = made_sweep(bundle, (0.0, 0.5, 0.5), (0.5, 0.5, 0.0))
    runner = Runner(bundle, budget_ms=1.4, profile=measured, sweep=found)
    assert runner.policy.bias == pytest.approx(0.7) and runner.policy.budget is None
    assert Runner(bundle, budget_ms=9.0, profile=measured, sweep=found).policy.bias == 0.0
    with pytest.raises(DsnetError, match=r"does not reach down to 1\.2 ms; sweep with larger --biases"):
        Runner(bundle, budget_ms=1.2, profile=measured, sweep=found)


def test_a_sweep_of_other_weights_is_refused(bundle, measured) -> None:
    found = made_sweep(bundle, (0.0, 0.5, 0.5), (0.5, 0.5, 0.0))
    other = dataclasses.replace(found, bundle=dataclasses.replace(found.bundle, sha256="cd" * 32))
    with pytest.raises(DsnetError, match=f"cdcdcdcdcdcd.*{bundle.info.sha256[:12]}.*sweep this bundle"):
        Runner(bundle, budget_ms=1.4, profile=measured, sweep=other)


def test_a_profile_of_the_same_network_with_other_weights_serves(bundle, measured) -> None:
    other = dataclasses.replace(measured, bundle=dataclasses.replace(measured.bundle, sha256="cd" * 32))
    assert Runner(bundle, budget_ms=1.4, profile=other).policy.budget is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"precision": "int8"}, "precision is int8, and .* has fp32"),
        ({"choices": (0, 1, 3)}, "choices"),
        ({"madds": (1, 2, 3)}, "madds"),
    ],
)
def test_a_profile_of_another_network_is_refused(bundle, measured, changes, said) -> None:
    other = dataclasses.replace(measured, bundle=dataclasses.replace(measured.bundle, sha256="cd" * 32, **changes))
    with pytest.raises(DsnetError, match=said) as error:
        Runner(bundle, budget_ms=1.4, profile=other)
    assert "cdcdcdcdcdcd" in str(error.value) and bundle.info.sha256[:12] in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget_ms": 1.4}, "needs a profile"),
        ({"budget_ms": 0.9, "profile": True}, r"0\.9 ms is below path 0, the slimmest of .*, which costs 1;"),
        ({"budget_ms": float("nan"), "profile": True}, "finite"),
        ({"bias": float("inf")}, "finite"),
        ({"bias": 1.0, "budget_ms": 1.4, "profile": True}, "one of a bias"),
        ({"budget_mj": 3.0, "budget_ms": 1.4, "profile": True}, "one of a bias"),
        ({"bias": 1.0, "profile": True}, "give one, in milliseconds or in millijoules"),
        ({"budget_ms": 1.4, "profile": True, "threads": 2}, r"no times of sliced x2 \(threads\), only of sliced x1"),
        ({"budget_ms": 1.4, "profile": True, "backend": "numpy"}, "no times of numpy x1"),
        ({"budget_ms": 1.4, "profile": "none.json"}, "none.json: no such file"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line(bundle, measured, asked, said) -> None:
    asked = {**asked, **({"profile": measured} if asked.get("profile") is True else {})}
    with pytest.raises(DsnetError, match=said) as error:
        Runner(bundle, **asked)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"energy": None}, "has no energies"),
        ({"energy": energy((2.0, 3.0))}, "lacks path 2"),
        ({"energy": energy((2.0, -0.1, 4.0))}, r"path 1 costs -0\.1 mj, which is noise"),
    ],
)
def test_energies_that_are_none_are_refused(bundle, measured, changes, said) -> None:
    with pytest.raises(DsnetError, match=said):
        Runner(bundle, budget_mj=3.0, profile=dataclasses.replace(measured, **changes))


def test_a_profile_may_be_a_file(bundle, measured, tmp_path) -> None:
    write_profile(measured, tmp_path / "here.json")
    assert Runner(bundle, budget_ms=1.4, profile=tmp_path / "here.json").policy.budget.amount == 1.4
