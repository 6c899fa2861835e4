"""Which machine a figure came from."""

from __future__ import annotations

import os
import platform
from pathlib import Path as FilePath
from typing import Any


def describe_machine() -> dict[str, Any]:
    """CPU, cores, system and load: the label every measurement carries."""
    return {
        "cpu": _cpu_name(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def machine_line() -> str:
    machine = describe_machine()
    return f"{machine['cpu']}, {machine['architecture']}, {machine['cores']} cores, load {machine['load_average'][0]}"


def _cpu_name() -> str:
    """x86 says `model name`; a Pi says it in the device tree."""
    for file, key in ((FilePath("/proc/cpuinfo"), "model name"), (FilePath("/proc/device-tree/model"), "")):
        if not file.exists():
            continue
        text = file.read_text(errors="replace").replace("\0", "")
        if not key:
            return text.strip()
        for line in text.splitlines():
            if line.startswith(key):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown CPU"
