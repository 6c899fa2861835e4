"""What a bundle on this machine lets a viewer choose, and the policy that follows from it."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TypeAlias

import numpy as np

from dsnet_edge.camera.values import Settings
from dsnet_edge.errors import DsnetError, PathError
from dsnet_edge.profile import read_profile
from dsnet_edge.profile.costs import Unit
from dsnet_edge.runtime.budget import BudgetError, bias_policy, costs_of
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.policy import Budget, Policy

# The widest path's budget, of a backend at a number of threads. DsnetError where its costs are not known.
Prices: TypeAlias = Callable[[str, int], Budget]

_PACKAGES = {
    "sliced": ("dsnet_edge._native",),
    "executorch": ("executorch",),
    "litert": ("ai_edge_litert", "tflite_runtime", "tensorflow"),
    "onnxruntime": ("onnxruntime",),
    "ncnn": ("ncnn",),
    "numpy": ("numpy",),
}


@dataclass(frozen=True)
class Choices:
    """What settings are checked against."""

    bundle: Bundle
    backends: tuple[str, ...]
    prices: Prices
    needs_budget: bool  # there is a governor, who lowers it

    def check(self, settings: Settings) -> None:
        """DsnetError for settings that cannot be."""
        if settings.backend not in self.backends:
            raise DsnetError(f"no backend {settings.backend!r} here; choose one of {', '.join(self.backends)}")
        cores = os.cpu_count() or 1
        if not 1 <= settings.threads <= cores:
            raise DsnetError(f"threads must be from 1 to {cores}, as many as there are cores, found {settings.threads}")
        n_paths = self.bundle.n_paths
        if settings.path is not None and not 0 <= settings.path < n_paths:
            raise PathError(f"path {settings.path} is out of range: {self.bundle.folder} has paths 0 to {n_paths - 1}")
        if settings.budget is None:
            if self.needs_budget and settings.path is None:
                raise BudgetError("heat lowers a budget, so there must be one; give a --budget from 0 to 1")
        elif not (math.isfinite(settings.budget) and 0 <= settings.budget <= 1):
            raise BudgetError(f"a budget must be from 0, the slimmest path, to 1, the widest, found {settings.budget:g}")
        else:
            self.prices(settings.backend, settings.threads)

    def policy(self, settings: Settings, share: float) -> Policy:
        """`share` is what heat has left of the budget."""
        policy = bias_policy(self.bundle.madds)
        if settings.budget is None:
            return policy
        widest = self.prices(settings.backend, settings.threads)
        return replace(policy, budget=widest.lowered(settings.budget).lowered(share))


def prices_of(bundle: Bundle, profile: FilePath | None, unit: Unit) -> Prices:
    """By a profile, else in millions of multiply-adds, which are the same on every backend."""
    if profile is None:
        millions = np.array(bundle.madds) / 1e6
        return lambda backend, threads: Budget("madds", float(millions[-1]), millions)
    read = read_profile(profile)

    def measured(backend: str, threads: int) -> Budget:
        costs = np.array(costs_of(bundle, backend, threads, unit, read).values)
        return Budget(unit, float(costs[-1]), costs)

    return measured


def usable_backends(bundle: Bundle) -> tuple[str, ...]:
    """Those that the bundle has files for and this machine a package; the oracle, which is slow, comes last."""
    names = [*bundle.backends, *(["numpy"] if "sliced" in bundle.backends else [])]
    return tuple(name for name in names if any(importlib.util.find_spec(package) for package in _PACKAGES[name]))
