"""A frame as one line of JSON, for those who log (docs/camera.md lists the fields)."""

from __future__ import annotations

import json
import os
import sys
import time
from io import RawIOBase
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.camera.source import CameraError
from dsnet_edge.camera.values import Result, Settings


def record(result: Result, settings: Settings, now: float) -> dict[str, Any]:
    """`now` is time.monotonic() when the frame was classified."""
    prediction, timing, age_s = result.prediction, result.prediction.timing, now - result.frame.taken_s
    height, width, _ = result.frame.pixels.shape
    return {
        "number": result.frame.number,
        "unix_s": round(time.time() - age_s, 3),
        "width": width,
        "height": height,
        "label": prediction.label,
        "probability": round(prediction.probability, 6),
        "path": prediction.path,
        "routed": prediction.routed,
        "bias": prediction.bias,
        "madds": prediction.madds,
        "backend": settings.backend,
        "threads": settings.threads,
        "budget": settings.budget,
        "share": round(result.share, 6),
        "preprocess_ms": round(timing.preprocess_ms, 4),
        "prefix_ms": round(timing.prefix_ms, 4),
        "gate_ms": round(timing.gate_ms, 4),
        "suffix_ms": round(timing.suffix_ms, 4),
        "latency_ms": round(1000 * age_s, 4),
        "captured_fps": round(result.rates.captured, 3),
        "classified_fps": round(result.rates.classified, 3),
        "celsius": result.health.celsius,
        "watts": result.health.watts,
        "meter": result.health.meter,
    }


class Log:
    """A context manager. `-` is standard output; what a file holds already stays.

    Nothing is dropped: a reader that stops reading stops the frames. Nothing is buffered either, so that the end of the program
    waits for no reader.
    """

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> Log:
        try:
            if self._place == "-":
                self._stream: RawIOBase = os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
            else:
                self._stream = FilePath(self._place).open("ab", buffering=0)
        except OSError as error:
            raise self._failed(error) from error
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def write(self, result: Result, settings: Settings) -> bool:
        """False when the reader has gone away."""
        line = json.dumps(record(result, settings, time.monotonic()), allow_nan=False) + "\n"
        left = memoryview(line.encode())
        try:
            while left:
                left = left[self._stream.write(left) or 0 :]
        except BrokenPipeError:
            return False
        except OSError as error:
            raise self._failed(error) from error
        return True

    def _failed(self, error: OSError) -> CameraError:
        return CameraError(f"--json-lines {self._place}: cannot be written ({error.strerror}); choose another file, or -")
