"""USB cameras (V4L2), network addresses and video files, by OpenCV."""

from __future__ import annotations

import os
import time
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.camera.source import CameraError, Size
from dsnet_edge.errors import require

_WAIT_S = 5  # for an address to answer, and for a camera's next picture
_MOST_PIXELS = 64_000_000  # of a picture: more than any camera has
_BEHIND_S = 0.5  # a video that is decoded more slowly than it plays is played more slowly
_FPS = 25.0  # of a video that does not say


class OpencvSource:
    """What OpenCV has opened. `lasting` is that of its `Feed`."""

    def __init__(self, capture: Any, name: str, lasting: bool) -> None:
        self._capture, self._name, self._lasting = capture, name, lasting

    def read(self) -> np.ndarray | None:
        cv2 = load_cv2()
        try:
            found, pixels = self._capture.read()
            if found:
                return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        except cv2.error as error:
            raise CameraError(f"{self._name}: cannot be decoded ({_line(error)}); convert it to H.264 or MJPEG") from error
        if self._lasting:
            raise CameraError(f"{self._name}: gives no more pictures; is it connected, and used by nothing else?")
        return None

    def close(self) -> None:
        self._capture.release()


class PacedVideo:
    """A video played at its own rate."""

    def __init__(self, video: OpencvSource, fps: float) -> None:
        self._video, self._seconds = video, 1 / fps
        self._due_s = 0.0  # of the next picture; the first is due at once

    def read(self) -> np.ndarray | None:
        pixels, now = self._video.read(), time.monotonic()
        if now - self._due_s > _BEHIND_S:
            self._due_s = now
        time.sleep(max(0.0, self._due_s - now))
        self._due_s += self._seconds
        return pixels

    def close(self) -> None:
        self._video.close()


def open_device(device: FilePath, size: Size) -> OpencvSource:
    """A camera behind `/dev/videoN`."""
    cv2 = load_cv2()
    if not device.exists():
        raise CameraError(f"{device}: no such camera; plug one in, or name another with --source")
    if not os.access(device, os.R_OK | os.W_OK):
        raise CameraError(f"{device}: may not be opened; join the group video: sudo usermod -aG video $USER")
    capture = _opened(str(device), str(device), cv2.CAP_V4L2, [])
    # After opening, as a camera that cannot do one of these is to go on as it would.
    if size.width * size.height > 640 * 480:  # USB 2 is too slow for more, unless it is compressed
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, size.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size.height)
    return OpencvSource(capture, str(device), lasting=True)


def open_address(address: str, name: str) -> OpencvSource:
    """A stream such as RTSP, or MJPEG over HTTP."""
    cv2 = load_cv2()
    settings = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 1000 * _WAIT_S, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 1000 * _WAIT_S]
    return OpencvSource(_opened(address, name, cv2.CAP_FFMPEG, settings), name, lasting=True)


def open_video(file: FilePath, paced: bool) -> OpencvSource | PacedVideo:
    """A video file, played at its own rate if `paced`, else as fast as its pictures are asked for."""
    cv2 = load_cv2()
    if not file.is_file():
        raise CameraError(f"{file}: no such file; check the path")
    capture = _opened(str(file), str(file), cv2.CAP_FFMPEG, [])
    video, fps = OpencvSource(capture, str(file), lasting=False), float(capture.get(cv2.CAP_PROP_FPS))
    return PacedVideo(video, fps if 0.1 <= fps <= 1000 else _FPS) if paced else video


def load_cv2() -> ModuleType:
    """OpenCV, quiet: our own errors say what is wrong."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_WAIT_S))
    return require("cv2", "camera")


def _opened(what: str, name: str, by: int, settings: list[int]) -> Any:
    cv2 = load_cv2()
    try:
        capture = cv2.VideoCapture(what, by, settings)
    except cv2.error as error:
        raise CameraError(f"{name}: cannot be opened ({_line(error)}); check that it plays elsewhere") from error
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened():
        raise CameraError(f"{name}: cannot be opened as a camera or a video; check that it plays elsewhere, and is not in use")
    if width * height > _MOST_PIXELS:
        capture.release()
        raise CameraError(f"{name}: {width:.0f} x {height:.0f} pixels, and at most {_MOST_PIXELS:,} are taken; scale it down")
    return capture


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
