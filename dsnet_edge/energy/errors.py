"""What can be wrong with a meter, in one line each."""

from __future__ import annotations

from dsnet_edge.errors import DsnetError


class MeterError(DsnetError):
    """A meter that cannot be used: it says nothing, nonsense, or what is not the energy of the work."""


class NoMeterError(MeterError):
    """A device without the meter that was asked for, and what would help."""
