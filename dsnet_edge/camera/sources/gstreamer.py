"""A GStreamer pipeline, run by `gst-launch-1.0`, whose raw pictures come through a pipe.

A process of its own rather than OpenCV's binding, which the wheels of OpenCV lack: so one that hangs or crashes can be ended.
"""

from __future__ import annotations

import math
import os
import select
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.camera.source import CameraError, Size

_WAIT_S = 10.0  # for the next picture
_LAST = "! videoconvert ! videoscale ! video/x-raw,format=RGB,width={width},height={height},pixel-aspect-ratio=1/1 ! fdsink fd=1"


class Pipeline:
    """Its pictures are scaled to `size`, as a pipe does not say how large they are. Rows are whole words, so the width is a
    multiple of 4."""

    def __init__(self, text: str, size: Size, name: str) -> None:
        if shutil.which("gst-launch-1.0") is None:
            raise CameraError(f"{name}: gst-launch-1.0 is missing; install it with: sudo apt install gstreamer1.0-tools")
        if size.width % 4:
            raise CameraError(f"{name}: --size must have a width that is a multiple of 4, found {size.width}")
        try:
            argv = shlex.split(f"{text} {_LAST.format(width=size.width, height=size.height)}")
        except ValueError as error:
            raise CameraError(f"{name}: is no pipeline ({error}); quote it as for a shell") from error
        self._name, self._shape = name, (size.height, size.width, 3)
        self._said, file = tempfile.mkstemp()
        FilePath(file).unlink()  # it has no name, and goes when it is closed
        self._process = subprocess.Popen(
            ["gst-launch-1.0", "-q", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,  # Ctrl-C is for us
        )

    def read(self) -> np.ndarray | None:
        pixels = bytearray(math.prod(self._shape))
        missing = memoryview(pixels)
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        while missing:
            if not select.select([handle], [], [], _WAIT_S)[0]:
                raise CameraError(f"{self._name}: no picture for {_WAIT_S:.0f} s; try the pipeline with gst-launch-1.0")
            count = os.readv(handle, [missing])
            if not count and self._process.wait() == 0:
                return None
            if not count:
                raise CameraError(f"{self._name}: ended ({self._why()}); try the pipeline with gst-launch-1.0")
            missing = missing[count:]
        return np.frombuffer(pixels, np.uint8).reshape(self._shape)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self._said)

    def _why(self) -> str:
        """What it said at first, if anything."""
        lines = os.pread(self._said, 4096, 0).decode(errors="replace").splitlines()
        said = [line.partition(":")[2].strip() for line in lines if line.startswith(("ERROR:", "WARNING:"))]
        return said[0][:160] if said else "no error was told"
