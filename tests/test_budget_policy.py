"""A bias leads a gate monotonically, and a budget is what images cost on average, whatever the scale of the scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsnet_edge.runtime.policy import Budget, Policy, State, choose, initial, solve

LEAN = np.array([0.4, 0.6, 1.0])
COSTS = np.array([1.0, 1.5, 2.0])


def scores_of(n: int, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return (scale * np.random.default_rng(seed).normal(size=(n, 3))).astype(np.float32)


def run(policy: Policy, scores: np.ndarray, state: State | None = None) -> tuple[np.ndarray, State]:
    state, paths = state or initial(policy), []
    for row in scores:
        path, _, state = choose(policy, state, row)
        paths.append(path)
    return np.array(paths), state


def test_without_a_bias_the_path_is_the_gates() -> None:
    scores = scores_of(200)
    assert (run(Policy(LEAN), scores)[0] == scores.argmax(1)).all()


def test_a_bias_is_subtracted_in_proportion_to_the_multiply_adds() -> None:
    # 0.30 - 0.4 b, 0.50 - 0.6 b, 0.60 - 1.0 b: equal at b = 1 (paths 0 and 1) and at b = 0.25 (paths 1 and 2).
    scores = np.array([0.30, 0.50, 0.60])
    found = [choose(Policy(LEAN, bias), initial(Policy(LEAN, bias)), scores)[0] for bias in (-1, 0.24, 0.26, 0.99, 1.01)]
    assert found == [2, 2, 1, 1, 0]


def test_no_image_gets_a_wider_path_as_the_bias_grows() -> None:
    scores = scores_of(500)
    paths = np.array([run(Policy(LEAN, bias), scores)[0] for bias in np.linspace(-40, 40, 81)])
    assert (np.diff(paths, axis=0) <= 0).all()
    assert set(paths[0]) == {2} and set(paths[-1]) == {0}


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("amount", [1.05, 1.3, 1.6, 1.95])
def test_a_budget_is_spent_whatever_the_scale_of_the_scores(amount: float, scale: float) -> None:
    policy = Policy(LEAN, budget=Budget("ms", amount, COSTS))
    paths, state = run(policy, scores_of(1000, scale))
    assert COSTS[paths].mean() == pytest.approx(state.mean) == pytest.approx(amount, abs=0.005)
    assert COSTS[paths[:200]].mean() == pytest.approx(amount, abs=0.05)


def test_a_budget_keeps_the_order_that_the_gate_gives_to_images() -> None:
    # As good as the one bias that would have cost the same: nearly all images take the path which that would have given them.
    scores = scores_of(2000)
    paths, _ = run(Policy(LEAN, budget=Budget("ms", 1.4, COSTS)), scores)
    _, bias = solve(scores, LEAN, COSTS, 1.4)
    assert (paths == (scores - bias * LEAN).argmax(1)).mean() > 0.9


def test_a_budget_follows_images_that_change() -> None:
    policy = Policy(LEAN, budget=Budget("ms", 1.4, COSTS))
    hard = scores_of(400, seed=1) + np.array([0, 0, 6], np.float32)
    paths, _ = run(policy, np.concatenate([scores_of(400), hard]))
    assert COSTS[paths[600:]].mean() == pytest.approx(1.4, abs=0.02)


def test_an_image_that_never_changes_alternates_between_two_paths() -> None:
    policy = Policy(LEAN, budget=Budget("ms", 1.25, COSTS))
    paths, state = run(policy, np.repeat(scores_of(1), 400, axis=0))
    assert state.mean == pytest.approx(1.25, abs=0.01)
    quarters = COSTS[paths].reshape(4, 100).mean(1)
    assert abs(quarters - 1.25).max() < 0.05


@pytest.mark.parametrize(("amount", "path"), [(1.0, 0), (2.0, 2), (9.0, 2)])
def test_a_budget_at_an_end_leaves_one_path(amount: float, path: int) -> None:
    paths, _ = run(Policy(LEAN, budget=Budget("ms", amount, COSTS)), scores_of(100))
    assert set(paths) == {path}


def test_what_a_wide_budget_left_over_is_not_saved_for_a_narrow_one() -> None:
    wide = Policy(LEAN, budget=Budget("ms", 9.0, COSTS))
    _, state = run(wide, scores_of(500))
    paths, _ = run(replace(wide, budget=Budget("ms", 1.2, COSTS)), scores_of(300, seed=2), state)
    assert COSTS[paths[20:]].mean() == pytest.approx(1.2, abs=0.03)


def test_a_lowered_budget_gives_up_a_share_of_what_lies_above_the_slimmest_path() -> None:
    assert Budget("ms", 1.8, COSTS).lowered(0.5).amount == pytest.approx(1.4)  # 1.0 + 0.5 x 0.8
    assert Budget("ms", 9.0, COSTS).lowered(0.5).amount == pytest.approx(1.5)
    assert Budget("ms", 1.8, COSTS).lowered(0.0).amount == 1.0


def test_scores_that_are_no_numbers_do_not_spoil_the_budget() -> None:
    policy = Policy(LEAN, budget=Budget("ms", 1.4, COSTS))
    scores = scores_of(400)
    scores[7] = np.nan
    _, state = run(policy, scores)
    assert state.mean == pytest.approx(1.4, abs=0.01)


def test_one_path_leaves_nothing_to_choose() -> None:
    policy = Policy(np.ones(1), budget=Budget("ms", 1.0, np.ones(1)))
    paths, state = run(policy, np.zeros((20, 1), np.float32))
    assert set(paths) == {0} and state.mean == 1.0
