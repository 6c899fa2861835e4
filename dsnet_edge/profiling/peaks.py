"""What one core of this machine can do at most: the two sides of the roofline, measured by the native runtime."""

from __future__ import annotations

from dsnet_edge import _native
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.elements import Precision
from dsnet_edge.profile.values import Peaks


def measure_peaks(precision: Precision, isa: str | None = None) -> Peaks:
    """With the kernels' own instruction for that precision. Takes half a second, and meanwhile up to 512 MiB of memory."""
    try:
        return Peaks(*_native.measure_peaks(precision, isa))
    except _native.Error as error:
        raise DsnetError(f"the peaks of this processor cannot be measured ({error}); close what else takes memory") from error
