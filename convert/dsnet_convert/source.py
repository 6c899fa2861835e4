"""Where a bundle's plan comes from, and what its manifest says about that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dsnet_convert.random_weights import random_plan
from dsnet_edge.arch import preset
from dsnet_edge.plan import Plan
from dsnet_edge.plan.checkpoint import read_checkpoint
from dsnet_edge.plan.statistics import check_filled


@dataclass(frozen=True)
class Source:
    plan: Plan  # routable
    description: dict[str, Any]  # `source` of the manifest


def from_checkpoint(file: FilePath, choices: Iterable[int] | None = None) -> Source:
    """A checkpoint's routable paths, or those of these choices, each with the statistics of its own batch norms."""
    checkpoint = read_checkpoint(file)
    space = checkpoint.arch.space if choices is None else checkpoint.arch.space.choose(choices)
    check_filled(checkpoint, space.paths(), str(file))
    plan = Plan.from_state(checkpoint.arch, checkpoint.tensors, checkpoint.input, checkpoint.labels).select(space.paths())
    return Source(plan, {"checkpoint": file.name, "sha256": sha256(file)})


def from_random(arch: str, seed: int, choices: Iterable[int] | None = None) -> Source:
    """A preset with random, data-standardised weights, for speed work; likewise."""
    plan = random_plan(preset(arch), seed)
    return Source(plan if choices is None else plan.choose(choices), {"random_seed": seed})


def sha256(file: FilePath) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
