"""Which path an image takes: the gate's choice, led to cheaper or dearer paths by a bias, and the bias by a budget.

The path is `argmax(scores - bias * lean)`, where `lean` is a path's multiply-adds relative to the widest path's. The gate's
scores are log-odds, so a bias of 1 divides the odds of the widest path against one of half its multiply-adds by `exp(0.5)`.
Multiply-adds, not a device's own costs: so a bias means the same, and gives the same accuracy, on every device.

Functions of frozen values; who runs images holds the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dsnet_edge.profile.costs import Unit

_WINDOW = 64  # images by whose scores a budget finds its bias
_EVERY = 16  # images after which it looks again; sooner at first, after 1, 2, 4 and 8
_HALVINGS = 24


@dataclass(frozen=True, eq=False)
class Budget:
    """What an image may cost on average: no less than the slimmest path does."""

    unit: Unit | Literal["madds"]  # multiply-adds, where nothing is known of the device
    amount: float
    costs: np.ndarray  # [P], of the paths

    @property
    def only_path(self) -> int | None:
        """The one that every image takes where the budget leaves no choice, or pays for the widest path every time."""
        if self.amount >= self.costs[-1]:
            return len(self.costs) - 1
        return 0 if self.amount <= self.costs[0] else None

    def lowered(self, share: float) -> Budget:
        """To `share` (0 to 1) of what it leaves above the slimmest path."""
        slimmest, widest = float(self.costs[0]), float(self.costs[-1])
        return replace(self, amount=slimmest + share * (min(self.amount, widest) - slimmest))


@dataclass(frozen=True, eq=False)
class Policy:
    lean: np.ndarray  # [P], multiply-adds relative to the widest path's
    bias: float = 0.0  # of every image, or with a budget of the first
    budget: Budget | None = None


@dataclass(frozen=True, eq=False)
class State:
    """Of a policy with a budget, after `images` images. A new one for each image; nothing is changed in place."""

    window: np.ndarray  # [n, P], scores of the latest images
    images: int = 0
    spent: float = 0.0  # by all images
    allowed: float = 0.0
    dear: float = 0.0  # the bias at which the window would cost a little more than it should ...
    cheap: float = 0.0  # ... and at most what it should

    @property
    def mean(self) -> float:
        return self.spent / self.images if self.images else 0.0


def initial(policy: Policy) -> State:
    return State(np.zeros((0, len(policy.lean))), dear=policy.bias, cheap=policy.bias)


def choose(policy: Policy, state: State, scores: np.ndarray) -> tuple[int, float, State]:
    """The path of an image with the gate's `scores` `[P]`, the bias that led to it, and the state for the next image."""
    if policy.budget is None:
        return _argmax(scores, policy.lean, policy.bias), policy.bias, state
    bias = state.dear if state.spent < state.allowed else state.cheap
    path = policy.budget.only_path
    if path is None:
        path = _argmax(scores, policy.lean, bias)
    return path, bias, _account(policy, policy.budget, state, scores, path)


def solve(scores: np.ndarray, lean: np.ndarray, costs: np.ndarray, amount: float) -> tuple[float, float]:
    """Two biases with next to nothing between them: at the first, images with `scores` `[n, P]` cost more than `amount` on
    average, at the second at most that. Where no bias costs more, or none as little, both are at that end.
    """
    dear, cheap = _ends(scores, lean)
    if _mean_cost(scores, lean, costs, dear) <= amount:
        return dear, dear
    if _mean_cost(scores, lean, costs, cheap) > amount:
        return cheap, cheap
    for _ in range(_HALVINGS):
        middle = (dear + cheap) / 2
        if _mean_cost(scores, lean, costs, middle) > amount:
            dear = middle
        else:
            cheap = middle
    return dear, cheap


def _account(policy: Policy, budget: Budget, state: State, scores: np.ndarray, path: int) -> State:
    """Books an image, and looks for a bias at which images like the latest would in one window bring the account to zero."""
    window = state.window
    if np.isfinite(scores).all():
        window = np.concatenate([window[-_WINDOW + 1 :], scores[None].astype(np.float64)])
    allowed = state.allowed + min(budget.amount, float(budget.costs[-1]))  # nobody can save up what cannot be spent
    images, spent = state.images + 1, state.spent + float(budget.costs[path])
    after = replace(state, window=window, images=images, spent=spent, allowed=allowed)
    due = images % _EVERY == 0 or images in (1, 2, 4, 8)
    if not due or not len(window):
        return after
    aim = budget.amount + (allowed - spent) / _WINDOW
    dear, cheap = solve(window, policy.lean, budget.costs, aim)
    return replace(after, dear=dear, cheap=cheap)


def _ends(scores: np.ndarray, lean: np.ndarray) -> tuple[float, float]:
    """A bias at which every image takes the widest path, and one at which every image takes the slimmest."""
    slimmer, wider = lean < lean[-1], lean > lean[0]
    if not slimmer.any():
        return 0.0, 0.0
    widest = (scores[:, -1:] - scores[:, slimmer]) / (lean[-1] - lean[slimmer])
    slimmest = (scores[:, wider] - scores[:, :1]) / (lean[wider] - lean[0])
    return float(widest.min()) - 1, float(slimmest.max()) + 1


def _mean_cost(scores: np.ndarray, lean: np.ndarray, costs: np.ndarray, bias: float) -> float:
    return float(costs[(scores - bias * lean).argmax(1)].mean())


def _argmax(scores: np.ndarray, lean: np.ndarray, bias: float) -> int:
    return int((scores - bias * lean).argmax()) if bias else int(scores.argmax())
