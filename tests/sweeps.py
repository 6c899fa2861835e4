"""A sweep that nobody measured, of the bundle in `profiles.py`, for tests of what reads sweeps."""

from __future__ import annotations

import dataclasses

from dsnet_edge.profile.sweep import DynamicPoint, Sweep
from profiles import MADDS, profile

_SHARES = {-2.0: (0.0, 0.1, 0.9), 0.0: (0.4, 0.3, 0.3), 1.5: (0.8, 0.2, 0.0), 4.0: (1.0, 0.0, 0.0)}
_ACCURACY = {-2.0: 86.0, 0.0: 85.5, 1.5: 84.2, 4.0: 83.5}


def sweep(**changes: object) -> Sweep:
    made = Sweep(
        created="2026-11-24T20:22:15+00:00",
        tool="dsnet-edge 0.1.0",
        bundle=profile().bundle,
        images=1000,
        source="a folder of images",
        backend="sliced",
        static_accuracy=(83.5, 84.8, 86.1),
        dynamic=tuple(
            DynamicPoint(bias, _ACCURACY[bias], shares, sum(s * m for s, m in zip(shares, MADDS, strict=True)))
            for bias, shares in _SHARES.items()
        ),
    )
    return dataclasses.replace(made, **changes)
