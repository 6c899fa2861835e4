"""Does `dsnet-edge camera` stay as it is? Runs its loop on a video without end for some minutes while viewers change everything.

python benchmarks/camera_soak.py BUNDLE --minutes 10 [--video FILE] [--backends sliced,litert] [--every 2] [-o soak.json]

Every two seconds a viewer sets another backend, number of threads, budget or path, pauses, or asks for the extremes; four more
watch every frame. Once a second the resident memory of this process, its threads and its open files are read.

Exit code 1 where memory grew by more than --growth MiB (a line through the readings after the first quarter, from its beginning
to its end), or where there are more threads or files afterwards than before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.camera.loop import Loop
from dsnet_edge.camera.settings import Choices, prices_of, usable_backends
from dsnet_edge.camera.source import Size
from dsnet_edge.camera.sources.choose import choose_feed
from dsnet_edge.camera.values import Live, Settings
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.runtime.bundle import Bundle, open_bundle

_VIEWERS = 4
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Reading:
    seconds: float
    resident_bytes: int
    threads: int
    files: int


def read(begin_s: float) -> Reading:
    """Of this process, as the kernel counts."""
    resident = int(FilePath("/proc/self/statm").read_text().split()[1]) * _PAGE
    counted = len(list(FilePath("/proc/self/task").iterdir())), len(list(FilePath("/proc/self/fd").iterdir()))
    return Reading(time.monotonic() - begin_s, resident, *counted)


def changes(bundle: Bundle, backends: list[str]) -> Iterator[Callable[[Live], None]]:
    """What viewers do, one after the other, for ever."""
    budgets: list[dict[str, Any]] = [{"budget": share} for share in (0.0, 0.3, 1.0, None)]
    others: list[dict[str, Any]] = [{"threads": os.cpu_count() or 1}, {"path": bundle.n_paths - 1}, {"path": 0}]
    others += [{"paused": True}, {"paused": False, "path": None}, {"threads": 1}]
    for backend in cycle(backends):
        for fields in [{"backend": backend}, *budgets, *others]:
            yield partial(_change, fields)
            yield _compare


def _change(fields: dict[str, Any], live: Live) -> None:
    live.change(lambda settings: replace(settings, **fields))


def _compare(live: Live) -> None:
    live.extremes(1.0)


def watch(live: Live) -> None:
    """Takes every frame it can, as a viewer does."""
    number = -1
    while not live.state.ended:
        if result := live.wait(number, 1.0):
            number = result.frame.number


def soak(bundle: Bundle, video: FilePath, seconds: float, every_s: float, backends: list[str]) -> tuple[list[Reading], int]:
    """The readings, and how many frames were classified."""
    frames = 0

    def each(result: object, settings: object) -> None:
        nonlocal frames
        frames += 1

    choices = Choices(bundle, usable_backends(bundle), prices_of(bundle, None, "ms"), False)
    feed = choose_feed(str(video), Size(640, 480), paced=True)
    begin_s, readings = time.monotonic(), []
    with HealthWatch(FileTree(), None) as health, Capture(feed, loop=True) as capture:
        with Loop(choices, Settings(backends[0], 1, None), capture, health, each=each) as loop:
            viewers = [threading.Thread(target=watch, args=(loop.live,)) for _ in range(_VIEWERS)]
            for viewer in viewers:
                viewer.start()
            next_s = begin_s
            for change in changes(bundle, backends):
                readings.append(read(begin_s))
                if readings[-1].seconds >= seconds or loop.live.state.ended:
                    break
                change(loop.live)
                next_s = max(next_s + every_s, time.monotonic())
                while (left := next_s - time.monotonic()) > 0:
                    time.sleep(min(left, 1.0))
                    readings.append(read(begin_s))
        for viewer in viewers:
            viewer.join()
    return readings, frames


def growth_bytes(readings: list[Reading]) -> float:
    """Of a line through all but the first quarter, in which backends are opened for the first time."""
    kept = readings[len(readings) // 4 :]
    at_s, resident = np.array([(reading.seconds, reading.resident_bytes) for reading in kept], float).T
    return float(np.polyfit(at_s, resident, 1)[0] * (at_s[-1] - at_s[0]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=FilePath)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--video", type=FilePath, help="else one of the demo photos is made")
    parser.add_argument("--backends", default="sliced")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two changes")
    parser.add_argument("--growth", type=float, default=8.0, help="MiB")
    parser.add_argument("-o", "--output", type=FilePath)
    given = parser.parse_args()
    bundle, backends = open_bundle(given.bundle), given.backends.split(",")
    with tempfile.TemporaryDirectory() as folder:
        video = given.video or _made(FilePath(folder) / "video.mp4")
        soak(bundle, video, 1.0, given.every, backends)  # OpenCV keeps a thread of its own from its first picture on
        before = read(time.monotonic())
        readings, frames = soak(bundle, video, 60 * given.minutes, given.every, backends)
    after, grown = read(time.monotonic()), growth_bytes(readings) / 2**20
    quarters = [readings[len(readings) * quarter // 4] for quarter in range(4)] + [readings[-1]]
    for reading in quarters:
        print(
            f"{reading.seconds:7.1f} s  {reading.resident_bytes / 2**20:7.1f} MiB  {reading.threads:3d} threads  "
            f"{reading.files:3d} files"
        )
    print(f"{frames} frames; grew by {grown:.2f} MiB in the last three quarters")
    print(f"threads {before.threads} before, {after.threads} after; files {before.files} before, {after.files} after")
    if given.output:
        given.output.write_text(json.dumps([asdict(reading) for reading in readings]) + "\n")
    leaked = after.threads > before.threads or after.files > before.files
    return int(grown > given.growth or leaked or not frames)


def _made(video: FilePath) -> FilePath:
    script = FilePath(__file__).parents[1] / "scripts/make_video.py"
    subprocess.run([sys.executable, script, "-o", video], check=True, stdout=subprocess.DEVNULL)
    return video


if __name__ == "__main__":
    sys.exit(main())
