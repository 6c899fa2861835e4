"""A Raspberry Pi's camera by picamera2, which its system brings (API: "The Picamera2 Library"). Never tried on a board."""

from __future__ import annotations

from typing import Any

import numpy as np

from dsnet_edge.camera.source import CameraError, Size

_INSTALL = "on Raspberry Pi OS: sudo apt install python3-picamera2, and a virtual environment made with --system-site-packages"
_BUILT_FOR_ANOTHER = "its parts were built for another NumPy; pip install 'numpy<2'"


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


def count_cameras() -> int:
    """How many the board has. CameraError where picamera2 cannot be used."""
    try:
        return len(_library().global_camera_info())
    except CameraError:
        raise
    except Exception as error:
        raise CameraError(f"picamera2 cannot look for cameras ({_line(error)}); try rpicam-hello --list-cameras") from error


def open_picamera(number: int, size: Size) -> PicameraSource:
    name, library = f"picamera:{number}", _library()
    if number >= (found := count_cameras()):
        raise CameraError(f"{name}: this board has {found} such cameras; check the cable and rpicam-hello --list-cameras")
    camera = None
    try:
        camera = library(number)
        # Named by the order of bits in a word: BGR888 is red first in memory.
        camera.configure(camera.create_video_configuration(main={"size": (size.width, size.height), "format": "BGR888"}))
        camera.start()
    except Exception as error:
        if camera is not None:
            camera.close()
        raise CameraError(f"{name}: cannot be opened ({_line(error)}); is another program using it?") from error
    return PicameraSource(camera, name)


def _library() -> Any:
    """The class. The system's picamera2 meets the NumPy of the virtual environment here."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraError(f"picamera2 is not installed ({_line(error)}); {_INSTALL}") from error
    except ValueError as error:  # "numpy.dtype size changed", from simplejpeg
        raise CameraError(f"picamera2 cannot be used ({_line(error)}): {_BUILT_FOR_ANOTHER}") from error
    return Picamera2


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
