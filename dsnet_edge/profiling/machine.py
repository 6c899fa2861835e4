"""Which machine a figure came from."""

from __future__ import annotations

import os
import platform
from typing import Any

from dsnet_edge.devices.tree import FileTree
from dsnet_edge.profiling.fingerprint import describe_device


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
    """x86 is known by its processor, a Raspberry Pi by its board."""
    device = describe_device(FileTree(), "local")
    return (device.cpu if device.architecture.startswith("x86") else device.name) or "unknown CPU"
