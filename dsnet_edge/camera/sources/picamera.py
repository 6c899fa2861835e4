"""A Raspberry Pi's camera by picamera2, which its system brings (API: "The Picamera2 Library"). Never tried on a board."""

from __future__ import annotations

from typing import Any

import numpy as np

from dsnet_edge.camera.source import CameraError, Size


class PicameraSource:
    def __init__(self, camera: Any, name: str) -> None:
        self._camera, self._name = camera, name

    def read(self) -> np.ndarray | None:
        try:
            return np.ascontiguousarray(self._camera.capture_array("main"))
        except Exception as error:  # the library's are of many classes
            raise CameraError(f"{self._name}: gives no more pictures ({_line(error)}); check its cable") from error

    def close(self) -> None:
        self._camera.stop()
        self._camera.close()


def cameras() -> int:
    """How many there are; 0 without the library."""
    try:
        from picamera2 import Picamera2

        return len(Picamera2.global_camera_info())
    except Exception:  # missing, or of another Python than the system's
        return 0


def open_picamera(number: int, size: Size) -> PicameraSource:
    name = f"picamera:{number}"
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraError(
            f"{name}: picamera2 is not installed ({error}); on Raspberry Pi OS: sudo apt install python3-picamera2, "
            "and a virtual environment made with --system-site-packages"
        ) from error
    if number >= (found := cameras()):
        raise CameraError(f"{name}: this board has {found} such cameras; check the cable and rpicam-hello --list-cameras")
    camera = None
    try:
        camera = Picamera2(number)
        # Named by the order of bits in a word: BGR888 is red first in memory.
        camera.configure(camera.create_video_configuration(main={"size": (size.width, size.height), "format": "BGR888"}))
        camera.start()
    except Exception as error:
        if camera is not None:
            camera.close()
        raise CameraError(f"{name}: cannot be opened ({_line(error)}); is another program using it?") from error
    return PicameraSource(camera, name)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
