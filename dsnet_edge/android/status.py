"""What the app writes about a benchmark while it runs (android_demo's RunRecord): untrusted, as all that a phone says."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line

State = Literal["running", "finished", "failed"]
_FORMAT, _VERSION = "dsnet-edge benchmark", 1
_MOST_LANES, _MOST_TROUBLES = 64, 1000


@dataclass(frozen=True)
class LaneStatus:
    """A backend at a number of threads."""

    backend: str
    threads: int
    checked: bool  # against the golden outputs of the bundle
    passed: bool
    error: float  # the largest relative one
    tolerance: float
    blocks: int
    troubles: tuple[str, ...]  # why a block, or all of them, came to nothing

    def __str__(self) -> str:
        return f"{self.backend} x{self.threads}"


@dataclass(frozen=True)
class Status:
    state: State
    fraction: float
    told: str
    lanes: tuple[LaneStatus, ...]


def read_status(text: bytes, source: str) -> Status:
    """Raises DeviceError for whatever is none."""
    try:
        record = json.loads(text)
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        if record["version"] != _VERSION:
            raise DeviceError(
                f"{source}: the app's status has version {str(record['version'])[:20]}, this dsnet-edge reads {_VERSION}; "
                "install the app of this version"
            )
        if record["state"] not in get_args(State):
            raise ValueError(f"state {record['state']!r}")
        lanes = record["lanes"]
        if not isinstance(lanes, list) or len(lanes) > _MOST_LANES:
            raise ValueError("lanes that are no list")
        return Status(record["state"], min(1.0, _number(record["fraction"])), _text(record["told"]), tuple(map(_lane, lanes)))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DeviceError(f"{source}: the app's status is none ({last_line(str(error))[:80]}); install it again") from None


def _lane(record: dict[str, Any]) -> LaneStatus:
    troubles = record["troubles"]
    if not isinstance(troubles, list) or len(troubles) > _MOST_TROUBLES:
        raise ValueError("troubles that are no list")
    return LaneStatus(
        backend=_text(record["backend"]),
        threads=int(_number(record["threads"])),
        checked=record["checked"] is True,
        passed=record["passed"] is True,
        error=_number(record["error"]),
        tolerance=_number(record["tolerance"]),
        blocks=int(_number(record["blocks"])),
        troubles=tuple(map(_text, troubles)),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text was expected, found {str(value)[:40]!r}")
    return last_line(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"a number from 0 was expected, found {str(value)[:40]!r}")
    return float(value)
