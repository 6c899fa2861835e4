"""The comparison figures, by hand."""

import numpy as np
import pytest

from dsnet_edge.arch import Path, PathSpace
from dsnet_edge.train.evaluate import Outcomes
from dsnet_edge.train.figures import routing_figures, static_at

MADDS = np.array([10.0, 20.0, 40.0])
SPACE = PathSpace(((0, 1, 2),), Path((2,)))


def test_static_accuracy_follows_the_running_maximum() -> None:
    accuracies = np.array([50.0, 40.0, 70.0])
    assert static_at(MADDS, accuracies, 10) == 50
    assert static_at(MADDS, accuracies, 20) == 50
    assert static_at(MADDS, accuracies, 30) == 60


def test_routing_figures() -> None:
    correct = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], bool)
    choices = [0, 1, 2, 0]
    figures = routing_figures(Outcomes(correct, np.eye(3)[choices]), MADDS, SPACE, draws=4000)
    assert figures.accuracy == 75 and figures.madds == 20
    assert figures.shares == (0.5, 0.25, 0.25)
    assert figures.static_accuracy == 50
    assert figures.oracle_accuracy == 75 and figures.oracle_madds == (10 + 20 + 40 + 10) / 4
    expected = 100 * (0.5 * 0.25 + 0.25 * 0.5 + 0.25 * 0.75)  # each path's accuracy weighted by its share
    assert figures.random_accuracy == pytest.approx(expected, abs=1)
    assert figures.random_std > 5


def test_a_restricted_gate_chooses_and_is_judged_inside_its_space() -> None:
    correct = np.array([[1, 1], [0, 0], [0, 1]], bool)
    scores = np.array([[9.0, 1.0, 0.0], [9.0, 0.0, 1.0]])
    figures = routing_figures(Outcomes(correct, scores), MADDS, SPACE.restrict(1, 3))
    assert figures.accuracy == 50 and figures.madds == 30 and figures.shares == (0.5, 0.5)
    assert figures.oracle_accuracy == 50
