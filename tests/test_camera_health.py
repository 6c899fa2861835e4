"""Temperature and power beside the loop, of a recorded device with an INA219 whose files the test writes."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from pathlib import Path as FilePath

import pytest
from watching import until

from dsnet_edge.camera import health as module
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.energy.find import find_meter

CHIP = "sys/class/hwmon/hwmon3"


def put(file: FilePath, text: str) -> None:
    """Whole or not at all, as the kernel's files are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(text)
    unfinished.replace(file)


@contextmanager
def device(root: FilePath, watts: float):
    """Its clock runs, and its sensor has just been read."""
    ended = threading.Event()
    for name, text in (("name", "ina219"), ("curr1_input", "500"), ("in1_input", "5000"), ("power1_input", f"{watts * 1e6:.0f}")):
        put(root / CHIP / name, text)
    put(root / "sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    put(root / "sys/class/thermal/thermal_zone0/temp", "51300")

    def run() -> None:
        while not ended.wait(0.005):
            put(root / "proc/uptime", f"{time.monotonic():.3f} 0")

    put(root / "proc/uptime", f"{time.monotonic():.3f} 0")
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield FileTree(root)
    finally:
        ended.set()
        thread.join()


def test_power_and_temperature_follow_the_device(tmp_path):
    with device(tmp_path, 2.5) as tree, HealthWatch(tree, find_meter(tree, "auto")) as watch:
        assert (watch.health.celsius, watch.health.watts, watch.health.meter) == (51.3, None, "hwmon:ina219")
        assert until(lambda: watch.health.watts) == pytest.approx(2.5)
        put(tmp_path / CHIP / "power1_input", "4000000")
        put(tmp_path / "sys/class/thermal/thermal_zone0/temp", "66000")
        until(lambda: watch.health.watts == pytest.approx(4.0) and watch.health.celsius == 66)


def test_a_meter_that_is_gone_says_nothing_and_may_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_EVERY_S", 1.0)
    with device(tmp_path, 2.5) as tree, HealthWatch(tree, find_meter(tree, "auto")) as watch:
        until(lambda: watch.health.watts)
        (tmp_path / CHIP / "power1_input").unlink()
        until(lambda: watch.health.watts is None)
        put(tmp_path / CHIP / "power1_input", "3000000")
        assert until(lambda: watch.health.watts) == pytest.approx(3.0)


def test_a_device_that_says_nothing(tmp_path):
    with HealthWatch(FileTree(tmp_path), None) as watch:
        assert (watch.health.celsius, watch.health.watts, watch.health.meter) == (None, None, "")
