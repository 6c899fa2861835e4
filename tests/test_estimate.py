"""Range estimators, against errors written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dsnet_edge.arch import Activation
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.estimate import ESTIMATORS, Estimator, estimate_range, estimator_named
from dsnet_edge.plan.float_ops import activate


def numbers(far: float = 60) -> np.ndarray:
    """Channels of very different size, and one number far out."""
    found = np.random.default_rng(0).normal(size=(20_000, 4)).astype(np.float32) * np.float32([0.3, 1, 1, 3])
    found[0, 3] = far
    return found


def error(x: np.ndarray, low: float, high: float, activation: Activation = "none", by_channel: bool = True) -> float:
    """Of the 256 numbers from `low` to `high`, the nearest to each of `x`: the loss that the estimators say they minimise."""
    grid = np.linspace(low, high, 256)
    nearest = grid[np.abs(x.reshape(-1, 1) - grid).argmin(1)].reshape(x.shape)
    exact = activate(activation, x.astype(np.float64))
    square = ((activate(activation, nearest) - exact) ** 2).mean(0)
    return float((square / exact.var(0)).sum() if by_channel else square.sum())


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_range_holds_zero(estimator: Estimator) -> None:
    positive = np.random.default_rng(0).uniform(1, 2, (1000, 4)).astype(np.float32)
    assert estimate_range(positive, estimator=estimator)[0] == 0
    assert estimate_range(-positive, estimator=estimator)[1] == 0
    assert estimate_range(positive, estimator=estimator)[1] == pytest.approx(2, abs=0.15)
    assert tuple(estimate_range(np.zeros((10, 3), np.float32), estimator=estimator)) == (0, 0)


def test_what_becomes_of_a_number_far_out() -> None:
    x = numbers()
    high = {estimator: float(estimate_range(x, estimator=estimator)[1]) for estimator in ESTIMATORS}
    assert high["minmax"] == 60
    assert high["percentile"] == pytest.approx(np.sort(x.ravel())[-9], rel=0.05), "0.01 % of 80,000 numbers lie above"
    assert high["variance"] < high["mse"] < 60, "the smaller channels count for more where each is over its variance"


@pytest.mark.parametrize("activation", ["none", "silu"])
@pytest.mark.parametrize("estimator", ["mse", "variance"])
def test_the_searches_lose_less_than_a_range_that_holds_all(estimator: Estimator, activation: Activation) -> None:
    x, by_channel = numbers(far=25), estimator == "variance"
    found, all_of_them = (
        error(x, *estimate_range(x, activation, name), activation, by_channel) for name in (estimator, "minmax")
    )
    assert found < 0.9 * all_of_them
    other: Estimator = "mse" if by_channel else "variance"
    assert found <= 1.05 * error(x, *estimate_range(x, activation, other), activation, by_channel)


def test_silu_spares_the_numbers_that_it_flattens() -> None:
    x = np.random.default_rng(0).uniform(-40, 2, (5000, 3)).astype(np.float32)
    assert estimate_range(x, "silu")[0] > 0.75 * estimate_range(x)[0]


def test_an_unknown_estimator_is_named() -> None:
    assert estimator_named("mse") == "mse"
    with pytest.raises(DsnetError, match=r"--ranges: .*'entropy'; choose from variance, mse, percentile, minmax"):
        estimator_named("entropy")
