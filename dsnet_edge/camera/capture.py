"""A thread that takes pictures from a source and keeps the newest, so that whoever is slow gets fewer and never old ones."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import numpy as np

from dsnet_edge.camera.recent import Rate
from dsnet_edge.camera.source import CameraError, Feed, Source
from dsnet_edge.camera.values import Frame

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0  # between two attempts to open a lost camera again; doubled each time
_SILENT_S = 6.0  # after which a camera without a picture is said to be silent
_JOIN_S = 3.0  # a camera that hangs is left behind


class Capture:
    """A context manager: entering opens the feed, or raises CameraError. One thread takes the frames.

    A camera that is lost is opened again, for as long as it takes. With `every`, no picture is dropped: the source waits until
    the one before was taken. With `loop`, what ends begins anew.
    """

    def __init__(self, feed: Feed, every: bool = False, loop: bool = False) -> None:
        self._feed, self._every, self._loop = feed, every, loop
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._source: Source | None = None
        self._frame: Frame | None = None  # not taken yet
        self._given = 0  # pictures, all in all
        self._given_s = time.monotonic()
        self._rate = Rate()
        self._lost, self._ended = "", False
        self._error: Exception | None = None

    def __enter__(self) -> Capture:
        self._source = self._feed.open()
        self._given_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(_JOIN_S)

    @property
    def name(self) -> str:
        return self._feed.name

    @property
    def given(self) -> int:
        """Pictures of the source until now."""
        return self._given

    @property
    def message(self) -> str:
        """What is wrong with the source; empty where nothing is."""
        silent_s = time.monotonic() - self._given_s
        if not self._lost and self._feed.lasting and silent_s > _SILENT_S and not self._ended:
            return f"{self.name}: no picture for {silent_s:.0f} s"
        return self._lost

    @property
    def ended(self) -> bool:
        """There are no more frames, and the last one was taken."""
        with self._changed:
            return self._ended and self._frame is None

    def rate(self) -> float:
        """Pictures a second that the source gave of late."""
        with self._changed:
            return self._rate.value(time.monotonic())

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame that was not taken yet; None when none came in time, or none will. Raises what ended the source."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended, timeout_s)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
        if frame is None and self._error is not None:
            raise self._error
        return frame

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                before = self._given
                try:
                    self._give_all()
                except CameraError as error:
                    if not self._feed.lasting:
                        raise
                    self._open_again(error)
                else:
                    if not self._loop or self._given == before:
                        break
                    self._close()
                    self._source = self._feed.open()
        except Exception as error:  # raised where frames are taken
            self._error = error
        finally:
            self._close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _give_all(self) -> None:
        """Until the source ends, or the program."""
        assert self._source is not None
        while not self._stopping.is_set():
            pixels = self._source.read()
            if pixels is None:
                return
            self._give(pixels)

    def _give(self, pixels: np.ndarray) -> None:
        with self._changed:
            if self._every:
                self._changed.wait_for(lambda: self._frame is None or self._stopping.is_set())
            self._given_s = time.monotonic()
            self._frame = Frame(self._given, pixels, self._given_s)
            self._given += 1
            self._rate.add(self._given_s)
            self._lost = ""
            self._changed.notify_all()

    def _open_again(self, error: CameraError) -> None:
        """A camera that can be opened but gives nothing is as lost as before, so it is waited for as long as before."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            self._close()
            self._lost = f"{error}; trying again in {wait_s:.2g} s"
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            if self._stopping.is_set():
                return
            try:
                self._source = self._feed.open()
                pixels = self._source.read()
            except CameraError as again:
                error = again
                continue
            if pixels is not None:
                self._give(pixels)
            return

    def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            with suppress(Exception):  # of a camera that is gone
                source.close()
