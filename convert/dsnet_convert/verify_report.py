"""What a verification found, as values."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dsnet_convert.shipped import Shipped
from dsnet_edge.plan.elements import Precision
from dsnet_edge.runtime.measures import Choices, Difference

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class PathResult:
    """One path of one backend against one reference, over all images."""

    path: int
    difference: Difference
    passed: bool


@dataclass(frozen=True)
class Comparison:
    """One backend against one reference."""

    backend: str
    reference: str  # its kind: oracle, fp32 or checkpoint
    tolerance: float | None  # of the relative errors; None where they are reported only
    paths: tuple[PathResult, ...]
    gate: Choices
    gate_passed: bool

    @property
    def passed(self) -> bool:
        return self.gate_passed and all(path.passed for path in self.paths)


@dataclass(frozen=True)
class BackendFacts:
    """What ran, and what it costs to ship."""

    backend: str
    runtime: str  # the library that ran it, as it calls itself
    shipped: Shipped


@dataclass(frozen=True)
class Report:
    bundle: str
    precision: Precision
    images: int
    photos: bool  # the images are photos that were given, not the bundle's golden ones
    references: dict[str, str]  # kind: name
    min_agreement: float | None
    min_snr_db: float | None
    backends: tuple[BackendFacts, ...]
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(comparison.passed for comparison in self.comparisons)

    def has(self, backend: str, reference: str) -> bool:
        return any((found.backend, found.reference) == (backend, reference) for found in self.comparisons)

    def of(self, backend: str, reference: str) -> Comparison:
        return next(found for found in self.comparisons if (found.backend, found.reference) == (backend, reference))

    def to_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity: null stands in for it."""
        return _finite(asdict(self) | {"passed": self.passed})

    def table(self) -> RenderableType:
        from dsnet_convert.verify_table import verify_table

        return verify_table(self)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
