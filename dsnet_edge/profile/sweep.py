"""A sweep as values and as a file: what one bundle's accuracy becomes as a bias leads its gate to cheaper or dearer paths.

It does not depend on a device: the mean cost of a point on any device is its shares times the costs of that device's profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.record import Format, read_record, write_record
from dsnet_edge.profile.values import BundleInfo, Signed

_ROUNDING = 1e-6  # of shares that add up to one


class SweepError(DsnetError):
    """A file that is not a usable sweep."""


@dataclass(frozen=True)
class DynamicPoint:
    """Of the gate at one bias."""

    bias: Signed  # above zero towards cheap paths; zero is the gate as it was trained
    accuracy: float  # top-1, per cent
    shares: tuple[float, ...]  # of the images on each path; they add up to one
    madds: float  # an image, on average

    def mean(self, costs: Sequence[float]) -> float:
        """What an image costs on average, where each path costs what `costs` says."""
        return sum(share * cost for share, cost in zip(self.shares, costs, strict=True))


@dataclass(frozen=True)
class Sweep:
    created: str  # ISO 8601, UTC
    tool: str  # dsnet-edge and its version
    bundle: BundleInfo
    images: int
    source: str  # of the images
    backend: str
    static_accuracy: tuple[float, ...]  # top-1 on each path, per cent
    dynamic: tuple[DynamicPoint, ...]  # by ascending bias

    def bias_at(self, costs: Sequence[float], amount: float) -> float | None:
        """The bias at which images cost `amount` on average, where each path costs what `costs` says: linear between points.

        The least bias there is where even that costs less; None where even the largest costs more.
        """
        means = [point.mean(costs) for point in self.dynamic]
        first = next((index for index, mean in enumerate(means) if mean <= amount * (1 + _ROUNDING)), None)
        if not first:  # the least bias, or none
            return None if first is None else self.dynamic[0].bias
        before, after = self.dynamic[first - 1 : first + 1]
        part = (means[first - 1] - amount) / (means[first - 1] - means[first])
        return before.bias + (after.bias - before.bias) * min(part, 1.0)


SWEEP = Format(Sweep, "dsnet-edge sweep", 1, "dsnet-edge sweep BUNDLE IMAGES", "sweep the bundle again", SweepError)


def write_sweep(sweep: Sweep, file: FilePath) -> None:
    """Under a temporary name first: `file` is what it was, or whole."""
    write_record(SWEEP, sweep, file)


def read_sweep(file: FilePath) -> Sweep:
    """Raises SweepError, in one line, for whatever is no sweep of this version."""
    sweep = read_record(SWEEP, file)

    def check(right: bool, field: str, problem: str) -> None:
        if not right:
            raise SweepError(f"{file}: {field}: {problem}; {SWEEP.again}")

    n_paths = len(sweep.bundle.madds)
    check(n_paths == len(sweep.bundle.choices) and n_paths > 0, "bundle.choices", f"not one for each of {n_paths} paths")
    check(len(sweep.static_accuracy) == n_paths, "static_accuracy", f"not one for each of {n_paths} paths")
    check(max(sweep.static_accuracy) <= 100, "static_accuracy", "more than 100 %")
    check(sweep.images > 0 and len(sweep.dynamic) > 0, "dynamic", "no images or no points")
    for index, point in enumerate(sweep.dynamic):
        field = f"dynamic[{index}]"
        check(len(point.shares) == n_paths, f"{field}.shares", f"not one for each of {n_paths} paths")
        check(abs(sum(point.shares) - 1) < _ROUNDING, f"{field}.shares", "they do not add up to one")
        check(point.accuracy <= 100, f"{field}.accuracy", "more than 100 %")
        check(index == 0 or point.bias > sweep.dynamic[index - 1].bias, f"{field}.bias", "not above the one before")
    return sweep
