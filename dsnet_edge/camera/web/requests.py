"""What a viewer may ask, read from text that nobody vouches for. Each message is answered by one, in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from dsnet_edge.camera.values import Settings
from dsnet_edge.errors import DsnetError

MESSAGE_BYTES = 1024  # far more than the longest message needs


class RequestError(DsnetError):
    """A message that is none of those a viewer may send."""


@dataclass(frozen=True)
class Next:
    """{"next": NUMBER}: the newest frame, once there is one with a higher number; -1 for any."""

    after: int


@dataclass(frozen=True)
class Change:
    """{"change": {...}}: other settings, by their names in `Settings`; those that are not named stay."""

    values: dict[str, Any]

    def __call__(self, settings: Settings) -> Settings:
        return replace(settings, **self.values)


@dataclass(frozen=True)
class Compare:
    """{"compare": true}: what the slimmest and the widest path say of the newest frame."""


Request: TypeAlias = Next | Change | Compare


def read_request(text: str) -> Request:
    """Raises RequestError, which says what was wrong with it."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestError("a message must be JSON; reload the page") from None
    match message:
        case {"next": after, **others} if not others and _is_number(after, -1, 2**53):
            return Next(after)
        case {"change": dict(values), **others} if not others and values:
            return Change({name: _setting(name, value) for name, value in values.items()})
        case {"compare": True, **others} if not others:
            return Compare()
    raise RequestError("a message must be one of next, change and compare, with what belongs to it; reload the page")


def _setting(name: str, value: Any) -> Any:
    if name not in _SETTINGS:
        raise RequestError(f"change: nothing is called {name[:40]!r}; it can be one of {', '.join(_SETTINGS)}")
    expected, holds = _SETTINGS[name]
    if not holds(value):
        raise RequestError(f"change: {name} must be {expected}, found {json.dumps(value)[:40]}")
    return value


def _is_number(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


_SETTINGS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "backend": ("a backend's name", lambda value: isinstance(value, str) and len(value) <= 40),
    "threads": ("a number from 1 to 64", lambda value: _is_number(value, 1, 64)),
    "budget": ("a share from 0 to 1, or null", lambda value: value is None or (type(value) in (int, float) and 0 <= value <= 1)),
    "path": ("a path's index, or null", lambda value: value is None or _is_number(value, 0, 1 << 20)),
    "paused": ("true or false", lambda value: isinstance(value, bool)),
}
