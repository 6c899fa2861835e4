"""Which source `--source` means."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.camera.source import CameraError, Feed, Size, Source
from dsnet_edge.camera.sources.folder import PhotoFolder
from dsnet_edge.camera.sources.gstreamer import Pipeline
from dsnet_edge.camera.sources.opencv import open_address, open_device, open_video
from dsnet_edge.camera.sources.picamera import count_cameras, open_picamera

_ADDRESS = re.compile(r"(rtsps?|https?|rtmp|udp)://(?:[^/@]*@)?(.+)", re.IGNORECASE)
_DEVICES = FilePath("/dev")


def choose_feed(text: str, size: Size, paced: bool) -> Feed:
    """`paced` is for what has no rate of its own: videos and photos are played in real time, or given as fast as they are asked
    for. Nothing is opened but to find out what `auto` is. CameraError where there is no such thing."""
    return _first_camera(size) if text == "auto" else _lasting(text, size) or _with_an_end(text, paced)


def _lasting(text: str, size: Size) -> Feed | None:
    if match := re.fullmatch(r"picamera(?::([0-9]{1,2}))?", text):
        return _picamera(int(match[1] or 0), size)
    if match := re.fullmatch(r"(?:/dev/video)?([0-9]{1,3})", text):
        return _device(_DEVICES / f"video{match[1]}", size)
    if match := _ADDRESS.fullmatch(text):
        name = f"{match[1]}://{match[2]}"
        return Feed(name, partial(open_address, text, name), lasting=True)
    if text.startswith("gst:"):
        return Feed(text, partial(Pipeline, text.removeprefix("gst:"), size, text), lasting=True)
    return None


def _with_an_end(text: str, paced: bool) -> Feed:
    path = FilePath(text)
    if path.is_dir():
        return Feed(text, partial(PhotoFolder, path, paced), lasting=False)
    if path.is_file():
        return Feed(text, partial(open_video, path, paced), lasting=False)
    raise CameraError(
        f"--source {text}: no such video or folder; give auto, picamera, a number as in /dev/video0, "
        "an address such as rtsp://HOST/STREAM, gst:PIPELINE, a video or a folder of photos"
    )


def turned(feed: Feed, degrees: int) -> Feed:
    """A camera that hangs upside down, or on its side; degrees clockwise, a multiple of 90."""
    return Feed(feed.name, partial(_Turned, feed.open, degrees // 90), feed.lasting) if degrees % 360 else feed


class _Turned:
    def __init__(self, open_source: Callable[[], Source], quarters: int) -> None:
        self._source, self._quarters = open_source(), quarters

    def read(self) -> np.ndarray | None:
        pixels = self._source.read()
        return None if pixels is None else np.ascontiguousarray(np.rot90(pixels, -self._quarters))

    def close(self) -> None:
        self._source.close()


def _picamera(number: int, size: Size) -> Feed:
    return Feed(f"picamera:{number}", partial(open_picamera, number, size), lasting=True)


def _device(device: FilePath, size: Size) -> Feed:
    return Feed(str(device), partial(open_device, device, size), lasting=True)


def _first_camera(size: Size) -> Feed:
    """The board's own, else the first USB camera that gives a picture: many boards have video devices that are none."""
    try:
        if count_cameras():
            return _picamera(0, size)
        board = "picamera2 sees none"
    except CameraError as error:
        board = str(error)
    devices = sorted(_DEVICES.glob("video[0-9]*"), key=lambda device: int(re.sub(r"\D", "", device.name)))
    for device in devices:
        feed = _device(device, size)
        try:
            source = feed.open()
        except CameraError:
            continue
        try:
            source.read()
            return feed
        except CameraError:
            continue
        finally:
            source.close()
    seen = f"{len(devices)} video devices give no picture" if devices else "there is no /dev/video*"
    raise CameraError(
        f"--source auto: no camera was found ({seen}; {board}); plug one in, or give an address, a video or a folder"
    )
