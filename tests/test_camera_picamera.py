"""The Raspberry Pi's camera, as far as that can be shown without one, and what `auto` takes."""

from __future__ import annotations

import sys
from pathlib import Path as FilePath
from types import SimpleNamespace

import numpy as np
import pytest
from watching import PHOTOS

from dsnet_edge.camera.source import CameraError, Feed, Size
from dsnet_edge.camera.sources import choose
from dsnet_edge.camera.sources.choose import choose_feed

SIZE = Size(160, 120)


class Board:
    """A stand-in for picamera2's class, with the calls of its manual. It shows that we make them, not that a board answers."""

    attached, order, broken = 1, [], False

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        return [{"Num": number} for number in range(Board.attached)]

    def __init__(self, number: int) -> None:
        Board.order = [f"open {number}"]

    def create_video_configuration(self, main: dict[str, object]) -> dict[str, object]:
        return {"main": main}

    def configure(self, configuration: dict[str, dict[str, object]]) -> None:
        self.main = configuration["main"]

    def start(self) -> None:
        if Board.broken:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        Board.order.append("start")

    def capture_array(self, name: str) -> np.ndarray:
        if Board.broken:
            raise TimeoutError("camera timed out")
        width, height = self.main["size"]
        red_first = {"BGR888": (200, 0, 0), "RGB888": (0, 0, 200)}[self.main["format"]]
        return np.full((height, width, 3), red_first, np.uint8)

    def stop(self) -> None:
        Board.order.append("stop")

    def close(self) -> None:
        Board.order.append("close")


@pytest.fixture
def board(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=Board))
    monkeypatch.setattr(Board, "broken", False)
    return Board


def test_the_boards_own_camera_comes_first_and_is_red_first(board):
    feed = choose_feed("auto", SIZE, paced=True)
    source = feed.open()
    assert feed.name == "picamera:0" and tuple(source.read()[0, 0]) == (200, 0, 0)
    source.close()
    assert Board.order == ["open 0", "start", "stop", "close"]


def test_the_boards_own_camera_that_is_not_there_busy_or_lost(board, monkeypatch):
    with pytest.raises(CameraError, match="this board has 1 such cameras"):
        choose_feed("picamera:1", SIZE, paced=True).open()
    source = choose_feed("picamera", SIZE, paced=True).open()
    monkeypatch.setattr(Board, "broken", True)
    with pytest.raises(CameraError, match="gives no more pictures"):
        source.read()
    with pytest.raises(CameraError, match="another program"):
        choose_feed("picamera", SIZE, paced=True).open()
    assert Board.order == ["open 0", "close"], "closed, or it could never be opened again"


def test_a_picamera2_for_another_numpy_is_told_of(monkeypatch, tmp_path):
    """As it is on Raspberry Pi OS 12 with the newest NumPy in the virtual environment: importing it fails."""
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed, may indicate binary incompatibility')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(choose, "_DEVICES", tmp_path)
    for source in ("picamera", "auto"):
        with pytest.raises(CameraError, match=r"dtype size changed.*pip install 'numpy<2'"):
            choose_feed(source, SIZE, paced=True).open()


def test_auto_takes_the_first_device_that_gives_a_picture(monkeypatch, tmp_path):
    """Two devices that are none, and one whose opening is replaced by a video's, as no camera is here."""
    for number in (0, 2, 10):
        (tmp_path / f"video{number}").touch()

    def device(file: FilePath, size: Size) -> Feed:
        photos = choose_feed(str(PHOTOS), size, paced=False)
        return Feed(str(file), photos.open if file.name == "video10" else lambda: choose.open_device(file, size), True)

    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setattr(choose, "_DEVICES", tmp_path)
    monkeypatch.setattr(choose, "_device", device)
    assert choose_feed("auto", SIZE, paced=True).name == str(tmp_path / "video10")
    (tmp_path / "video10").unlink()
    with pytest.raises(CameraError, match="2 video devices give no picture"):
        choose_feed("auto", SIZE, paced=True)
