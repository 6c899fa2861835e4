"""What only a phone can tell about the app: one finding after another, for `dsnet-edge android check`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Literal

from dsnet_edge.android.apk import install_apk
from dsnet_edge.android.app import MAIN, PACKAGE, QUESTION_S, App, installed_app, sdk_of
from dsnet_edge.android.benchmark import Wanted, run_benchmark
from dsnet_edge.android.status import LaneStatus
from dsnet_edge.devices.device import DeviceError, LostError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.shell import ShellDevice
from dsnet_edge.profile.values import Profile

Outcome = Literal["passed", "failed", "told"]  # told: neither right nor wrong
BACKENDS = ("sliced", "executorch", "litert")
_NEEDED = "sliced"  # in every build of the app
_STARTING_S = 5.0
_SHORT = Wanted(None, (), (1,), 2, 1.0, 10.0)
_PAGE_SIZES = (4096, 16384)  # that the libraries in the APK are aligned for

_PAGE_SIZE = "getconf PAGE_SIZE || grep -m1 KernelPageSize /proc/self/smaps"


@dataclass(frozen=True)
class Check:
    name: str
    outcome: Outcome
    detail: str


def check_phone(
    device: ShellDevice, apk: FilePath | None, bundle: str | None, backends: tuple[str, ...], wait: Callable[[float], None]
) -> Iterator[Check]:
    """Each finding as it is made. With `apk` the app is installed first. What needs the app is left out where there is none."""
    try:
        yield Check("Android 8 or later", "passed", f"API {sdk_of(device)}")
    except LostError:
        raise
    except DeviceError as error:
        yield Check("Android 8 or later", "failed", str(error))
        return
    yield _architecture(device)
    yield _page_size(device)
    try:
        app = install_apk(device, apk) if apk else installed_app(device)
    except LostError:
        raise
    except DeviceError as error:
        yield Check("app installed", "failed", str(error))
        return
    yield Check("app installed", "passed", _version(device))
    yield _starts(app, wait)
    yield _camera(device)
    yield from _engines(app, replace(_SHORT, bundle=bundle, backends=backends))
    app.stop()
    yield Check("app ends", "failed" if app.runs() else "passed", "by force-stop")


def _architecture(device: ShellDevice) -> Check:
    said = last_line(device.tree.command(("getprop", "ro.product.cpu.abilist")) or "")
    return Check("64-bit ARM", "passed" if "arm64-v8a" in said.split(",") else "failed", said or "it does not say")


def _page_size(device: ShellDevice) -> Check:
    said = last_line(device.run(["sh", "-c", _PAGE_SIZE], QUESTION_S).stdout.decode(errors="replace"))
    number = re.search(r"\d{1,9}", said)
    size = int(number[0]) * (1024 if "kB" in said else 1) if number else 0
    if not size:
        return Check("page size", "told", "it does not say")
    return Check("page size", "passed" if size in _PAGE_SIZES else "failed", f"{size} bytes")


def _version(device: ShellDevice) -> str:
    said = device.run(["dumpsys", "package", PACKAGE], QUESTION_S).stdout.decode(errors="replace")
    found = re.search(r"versionName=(\S{1,60})", said)
    return f"version {last_line(found[1])}" if found else "its version is not told"


def _starts(app: App, wait: Callable[[float], None]) -> Check:
    try:
        app.start(MAIN, {})
    except LostError:
        raise
    except DeviceError as error:
        return Check("app starts", "failed", str(error))
    wait(_STARTING_S)
    if app.runs():
        return Check("app starts", "passed", f"and runs after {_STARTING_S:g} s")
    return Check("app starts", "failed", f"it ended within {_STARTING_S:g} s; look with: adb logcat -b crash -d")


def _camera(device: ShellDevice) -> Check:
    said = device.run(["dumpsys", "package", PACKAGE], QUESTION_S).stdout.decode(errors="replace")
    found = re.search(r"android\.permission\.CAMERA: granted=(true|false)", said)
    state = {"true": "granted", "false": "not granted yet; the app asks for it"}.get(found[1] if found else "", "it does not say")
    return Check("camera permission", "told", state)


def _engines(app: App, wanted: Wanted) -> Iterator[Check]:
    """Each engine's golden outputs, and what it measures."""
    try:
        found = run_benchmark(app, wanted, lambda status: None)
    except LostError:
        raise
    except DeviceError as error:
        yield Check("benchmark", "failed", str(error))
        return
    for lane in found.lanes:
        yield _golden(lane)
        if lane.passed:
            yield _times(lane, found.profile)


def _golden(lane: LaneStatus) -> Check:
    name = f"{lane.backend}: golden outputs"
    if lane.checked:
        detail = f"off by {lane.error:.1e}, {lane.tolerance:g} is allowed"
        return Check(name, "passed" if lane.passed else "failed", detail)
    reason = lane.troubles[-1] if lane.troubles else "it was not run"
    absent = lane.backend != _NEEDED and "not in this build" in reason
    return Check(name, "told" if absent else "failed", reason)


def _times(lane: LaneStatus, profile: Profile | None) -> Check:
    name = f"{lane.backend}: every path timed"
    series = profile.find(lane.backend, lane.threads) if profile else None
    if profile is None or series is None or len(series.paths) != len(profile.bundle.madds):
        return Check(name, "failed", lane.troubles[-1] if lane.troubles else "the profile lacks them")
    first, last = series.paths[0].total_ms.median, series.paths[-1].total_ms.median
    return Check(name, "passed", f"{first:.3f} ms on the slimmest path, {last:.3f} ms on the widest, {series.runtime}")
