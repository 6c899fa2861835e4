"""What a viewer is told, as JSON. Numbers are left as they are; the page rounds them."""

from __future__ import annotations

import json
import math
import os
import struct
import time
from dataclasses import asdict
from typing import Any

from dsnet_edge.camera.values import Extremes, Result, State
from dsnet_edge.runtime.runner import Prediction

_BEST = 4  # labels of a frame


def state_record(state: State) -> dict[str, Any]:
    """`cores`: how many threads there can be."""
    return asdict(state) | {"cores": os.cpu_count() or 1}


def result_record(result: Result) -> dict[str, Any]:
    prediction = result.prediction
    return _prediction_record(prediction) | {
        "number": result.frame.number,
        "size": [result.frame.pixels.shape[1], result.frame.pixels.shape[0]],
        "age_ms": (time.monotonic() - result.frame.taken_s) * 1e3,
        "routed": prediction.routed,
        "difficulty": difficulty(prediction.path, result.paths) if prediction.routed else "",
        "ms": asdict(prediction.timing),
        "rates": asdict(result.rates),
        "paths": result.paths,
        "health": asdict(result.health),
        "share": result.share,
    }


def extremes_record(extremes: Extremes) -> dict[str, Any]:
    sides = {"slimmest": extremes.slimmest, "widest": extremes.widest}
    return {"number": extremes.number} | {side: _prediction_record(found) for side, found in sides.items()}


def difficulty(path: int, paths: tuple[int, ...]) -> str:
    """Of a frame, by the latest frames' paths: easy if most took a wider one, hard if most took a slimmer one, else usual."""
    most = sum(paths) / 2
    if sum(paths[path + 1 :]) > most:
        return "easy"
    return "hard" if sum(paths[:path]) > most else "usual"


def as_text(**parts: Any) -> str:
    return json.dumps(_finite(parts), allow_nan=False, separators=(",", ":"))


def with_picture(text: str, picture: bytes) -> bytes:
    """One message of both, so that no frame is shown under another's label.

    The text's length in bytes (4 bytes, the big end first), the text, and the JPEG.
    """
    encoded = text.encode()
    return struct.pack(">I", len(encoded)) + encoded + picture


def _prediction_record(prediction: Prediction) -> dict[str, Any]:
    return {"top": prediction.top(_BEST), "path": prediction.path, "network_ms": prediction.timing.network_ms}


def _finite(value: Any) -> Any:
    """A sensor may say NaN, which JSON cannot."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
