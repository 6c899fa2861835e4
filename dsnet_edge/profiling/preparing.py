"""How long a photo takes to become the network's input: `python -m dsnet_edge.profiling.preparing BUNDLE` prints milliseconds.

The photo is a frame as a camera gives it, 640 x 480 pixels in memory: decoding a file is not the network's business.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from dsnet_edge.devices.device import Device, DeviceError
from dsnet_edge.profile.values import Summary
from dsnet_edge.profiling.statistics import summarize
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.preprocess import preprocess

_RUNS, _PROCESSES = 30, 3


def preparing_ms(folder: str) -> list[float]:
    spec = open_bundle(folder).input
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    times = []
    for _ in range(2 + _RUNS):
        start = time.perf_counter()
        preprocess(frame, spec)
        times.append(round((time.perf_counter() - start) * 1e3, 6))
    return times[2:]


def measure_preparing(device: Device, python: str, bundle: str) -> Summary:
    """In processes on a device that has our package. Raises DeviceError for anything but times."""
    processes = [device.run([python, "-m", "dsnet_edge.profiling.preparing", bundle], 120) for _ in range(_PROCESSES)]
    try:
        blocks = [[float(ms) for ms in json.loads(process.stdout)] for process in processes]
    except (ValueError, TypeError):
        blocks = []
    if [len(block) for block in blocks] != [_RUNS] * _PROCESSES or not all(0 <= ms < 1e7 for block in blocks for ms in block):
        raise DeviceError(f"preprocessing could not be timed there: {processes[0].stderr.strip()[-200:] or 'no times'}")
    return summarize(blocks)


if __name__ == "__main__":
    print(json.dumps(preparing_ms(sys.argv[1])))
