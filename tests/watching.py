"""What tests of the camera share: a video of real photos, its pictures as OpenCV decodes them, and a camera on the network."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from PIL import Image

ROOT = FilePath(__file__).parents[1]
PHOTOS = ROOT / "dsnet_edge/demo/photos"


def script(name: str) -> ModuleType:
    """A module of scripts/ or benchmarks/, which are no packages."""
    spec = importlib.util.spec_from_file_location(FilePath(name).stem, ROOT / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def decoded(video: FilePath) -> list[np.ndarray]:
    """RGB, by OpenCV and a reversal of channels."""
    capture, found = cv2.VideoCapture(str(video)), []
    while (picture := capture.read())[0]:
        found.append(picture[1][:, :, ::-1])
    capture.release()
    return found


def until(happens: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What it says once it says something; a failure after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


def command(*argv: object) -> list[str]:
    return [sys.executable, "-m", "dsnet_edge", "camera", *map(str, argv)]


def camera(*argv: object, expect: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    """The program itself, without a display."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    finished = subprocess.run(
        command(*argv), capture_output=True, text=True, timeout=120, env={**environment, "COLUMNS": "120"}, check=False, **options
    )
    assert finished.returncode == expect, finished.stderr
    return finished


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


class NetworkCamera:
    """MJPEG over HTTP, as cheap cameras have it: the photos again and again, until it is unplugged; the port stays the same."""

    def __init__(self) -> None:
        self.port, self.viewers, self._server = 0, 0, None
        self._photos = [_jpeg(file) for file in sorted(PHOTOS.glob("*.jpg"))]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/stream.mjpg"

    def plug_in(self) -> None:
        camera, unplugged = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                camera.viewers += 1
                number = 0
                while not unplugged.wait(0.02):
                    photo = camera._photos[number % len(camera._photos)]
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(photo)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + photo + b"\r\n")
                    except OSError:
                        return
                    number += 1

            def log_message(self, *words: object) -> None:
                pass

        self._unplugged = unplugged
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def unplug(self) -> None:
        self._unplugged.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def network_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera()
    camera.plug_in()
    try:
        yield camera
    finally:
        camera.unplug()


def _jpeg(file: FilePath) -> bytes:
    with Image.open(file) as photo:
        buffer = BytesIO()
        photo.convert("RGB").resize((160, 120)).save(buffer, "JPEG")
    return buffer.getvalue()
