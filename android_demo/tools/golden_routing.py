"""Scores of images one after another, and the paths and biases that Python's policy chooses; and what its governor makes of heat.

`routing.bin`: how many policies; of each the paths, what they lean by, their costs, the bias, 1 where there is a budget, and it;
then the images: scores (float32), the budget now, path, bias, and what is spent by then. `heat.bin`: readings of seconds, status
and share.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.profile.values import Conditions
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.policy import Budget, Policy, choose, initial
from dsnet_edge.runtime.thermal import Governor, Heat, govern

_IMAGES = 400


def write(bundle: FilePath, folder: FilePath) -> None:
    cases = list(_cases(bundle))
    (folder / "routing.bin").write_bytes(struct.pack(">i", len(cases)) + b"".join(_traced(*case) for case in cases))
    readings = list(_heat())
    (folder / "heat.bin").write_bytes(struct.pack(">i", len(readings)) + b"".join(readings))


def _cases(bundle: FilePath) -> Iterator[tuple[Policy, np.ndarray]]:
    """Every kind of policy on scores of the demo model's network, and on random ones of other scales and numbers of paths."""
    generator = np.random.default_rng(0)
    runner = Runner(bundle)
    images = np.load(bundle / "golden/images.npy")
    noise = generator.normal(size=(_IMAGES // len(images), *images.shape)).astype(np.float32)
    scores = np.stack([runner.infer(image).scores for image in (images + 0.4 * noise).reshape(-1, *images.shape[1:])])
    madds = np.array(runner.bundle.madds, np.float64)
    yield from _policies(madds / madds.max(), madds, scores)
    for n_paths, scale in ((1, 1.0), (2, 1e-3), (3, 1.0), (14, 30.0), (40, 1e3)):
        lean = np.sort(generator.uniform(0.2, 1, n_paths))
        lean /= lean[-1]
        costs = np.sort(generator.uniform(1, 3, n_paths))
        yield from _policies(lean, costs, (scale * generator.normal(size=(_IMAGES, n_paths))).astype(np.float32))
    spoilt = generator.normal(size=(_IMAGES, 3)).astype(np.float32)
    spoilt[7, 1], spoilt[8], spoilt[20:24, 2], spoilt[40:80] = np.nan, np.inf, -np.inf, spoilt[40]
    yield from _policies(np.array([0.4, 0.6, 1.0]), np.array([1.0, 1.5, 2.0]), spoilt)
    level = np.zeros((_IMAGES, 3), np.float32)  # nothing to choose by
    yield from _policies(np.array([0.4, 0.4, 1.0]), np.array([1.0, 1.0, 2.0]), level)


def _policies(lean: np.ndarray, costs: np.ndarray, scores: np.ndarray) -> Iterator[tuple[Policy, np.ndarray]]:
    for bias in (0.0, 0.7, -3.0):
        yield Policy(lean, bias), scores
    for share in (-0.1, 0.0, 0.02, 0.3, 0.55, 0.97, 1.0, 1.4):
        amount = float(costs[0] + share * (costs[-1] - costs[0]))
        yield Policy(lean, 0.25, Budget("ms", amount, costs)), scores


def _traced(policy: Policy, scores: np.ndarray) -> bytes:
    """From the 150th image on the budget is lowered to a half of what it leaves, and from the 300th it is whole again."""
    budget, state = policy.budget, initial(policy)
    costs = budget.costs if budget else np.ones_like(policy.lean)
    n_paths = len(policy.lean)
    head = struct.pack(f">i{2 * n_paths}d", n_paths, *policy.lean, *costs)
    head += struct.pack(">d?d", policy.bias, budget is not None, budget.amount if budget else 0.0)
    rows = []
    for index, row in enumerate(scores):
        now = policy
        if budget is not None and 150 <= index < 300:
            now = replace(policy, budget=budget.lowered(0.5))
        path, bias, state = choose(now, state, row)
        amount = now.budget.amount if now.budget else 0.0
        rows.append(row.astype(">f4").tobytes() + struct.pack(">didd", amount, path, bias, state.spent))
    return head + struct.pack(">i", len(rows)) + b"".join(rows)


def _heat() -> Iterator[bytes]:
    """Readings as Android gives them, at uneven times; the word is what `dsnet_edge.profiling.conditions` makes of a status."""
    generator, governor, heat, second = np.random.default_rng(1), Governor(), Heat(), 0.0
    for index in range(600):
        second += float(generator.uniform(0.1, 6))
        status = int(generator.integers(1, 7)) if (index // 60) % 2 else 0
        throttled = (f"thermal status {status}",) if status else ()
        heat = govern(governor, heat, Conditions(second, 0.5, {}, (), (), throttled, 0))
        yield struct.pack(">did", second, status, heat.share)
