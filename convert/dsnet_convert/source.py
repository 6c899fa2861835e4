"""Where a bundle's plan comes from, and what its manifest says about that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dsnet_convert.random_weights import random_plan
from dsnet_edge.arch import preset
from dsnet_edge.plan import Plan


@dataclass(frozen=True)
class Source:
    plan: Plan  # routable
    description: dict[str, Any]  # `source` of the manifest


def from_checkpoint(file: FilePath) -> Source:
    """A checkpoint's routable paths."""
    plan = Plan.from_checkpoint(file).routable()
    return Source(plan, {"checkpoint": file.name, "sha256": sha256(file)})


def from_random(arch: str, seed: int) -> Source:
    """A preset with random, data-standardised weights, for speed work."""
    return Source(random_plan(preset(arch), seed), {"random_seed": seed})


def sha256(file: FilePath) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
