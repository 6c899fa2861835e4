"""From what a user asks for - a bias, or milliseconds or millijoules an image - to the policy that gives it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile import Profile, Sweep, read_profile, read_sweep
from dsnet_edge.profile.costs import UNITS, PathCosts, Unit, check_same_network, path_costs
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.policy import Budget, Policy


class BudgetError(DsnetError):
    """A bias or a budget that cannot be kept."""


def bias_policy(madds: Sequence[int], bias: float = 0.0) -> Policy:
    """The gate with a constant bias; 0 is the gate as it was trained."""
    if not math.isfinite(bias):
        raise BudgetError(f"a bias must be a finite number, found {bias}; 0 is the gate as it was trained")
    return Policy(np.array(madds, np.float64) / max(madds), bias)


def policy_for(
    bundle: Bundle,
    backend: str,
    threads: int,
    *,
    bias: float | None = None,
    budget_ms: float | None = None,
    budget_mj: float | None = None,
    profile: Profile | FilePath | str | None = None,
    sweep: Sweep | FilePath | str | None = None,
) -> Policy:
    """Of a bias or a budget; of neither, the gate as it was trained.

    A budget is spent: images cost that much on average, by the profile of this backend at this number of threads. With a sweep
    the bias is constant, that at which the sweep's images cost the budget; without one it follows the images as they come.
    """
    if budget_ms is None and budget_mj is None:
        if profile is not None or sweep is not None:
            raise BudgetError("a profile and a sweep are there to keep a budget; give one, in milliseconds or in millijoules")
        return bias_policy(bundle.madds, bias or 0.0)
    if bias is not None or (budget_ms is not None and budget_mj is not None):
        raise BudgetError("give one of a bias, a budget in milliseconds and a budget in millijoules")
    if profile is None:
        raise BudgetError("a budget needs a profile, which says what the paths cost; make one with: dsnet-edge profile BUNDLE")
    amount, unit = (budget_ms, UNITS[0]) if budget_ms is not None else (budget_mj, UNITS[1])
    assert amount is not None
    costs = costs_of(bundle, backend, threads, unit, profile)
    _check(amount, costs, bundle)
    policy, values = bias_policy(bundle.madds), np.array(costs.values)
    if sweep is None:
        return replace(policy, budget=Budget(unit, amount, values))
    return replace(policy, bias=_swept_bias(bundle, sweep, values, amount, unit))


def costs_of(bundle: Bundle, backend: str, threads: int, unit: Unit, profile: Profile | FilePath | str) -> PathCosts:
    """Raises ProfileError where the profile is of another network, or has no such costs."""
    source = "the profile" if isinstance(profile, Profile) else str(profile)
    read = profile if isinstance(profile, Profile) else read_profile(FilePath(profile))
    check_same_network(read, bundle.info, source, str(bundle.folder))
    return path_costs(read, unit, backend, threads, source)


def _check(amount: float, costs: PathCosts, bundle: Bundle) -> None:
    if not math.isfinite(amount):
        raise BudgetError(f"a budget must be a finite number, found {amount}")
    if amount < costs.values[0]:
        raise BudgetError(
            f"a budget of {amount:g} {costs.unit} is below path 0, the slimmest of {bundle.folder}, which costs "
            f"{costs.values[0]:.3g}; allow that, or deploy a slimmer network"
        )


def _swept_bias(bundle: Bundle, sweep: Sweep | FilePath | str, costs: np.ndarray, amount: float, unit: Unit) -> float:
    source = "the sweep" if isinstance(sweep, Sweep) else str(sweep)
    read = sweep if isinstance(sweep, Sweep) else read_sweep(FilePath(sweep))
    if read.bundle.sha256 != (found := bundle.info.sha256):
        raise BudgetError(
            f"{source}: made of bundle {read.bundle.sha256[:12]}, and {bundle.folder} is {found[:12]}; "
            "what a gate chooses depends on its weights, so sweep this bundle"
        )
    bias = read.bias_at(costs.tolist(), amount)
    if bias is None:
        raise BudgetError(f"{source}: does not reach down to {amount:g} {unit}; sweep with larger --biases")
    return bias
