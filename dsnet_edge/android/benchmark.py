"""A benchmark that the app runs by itself: started, followed, and its profile fetched. Nothing of it stays on the phone."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path as FilePath

from dsnet_edge.android.app import BENCHMARK, App
from dsnet_edge.android.status import LaneStatus, Status, read_status
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.profile import Profile, ProfileError, read_profile

_RUNS = "files/benchmarks"  # in the app's data folder
_PREFIX = "adb-"  # of the runs that are ours to remove
_LOOK_S = 1.0
_BEGIN_S = 60.0  # for an app to start and a bundle to be opened
_STILL_S = 900.0  # a block may take 600 s beyond three times its own, after 180 s of cooling
_FETCH_S = 300.0
_GONE = 3  # looks without a process of the app: one that has just been started is not seen at once


@dataclass(frozen=True)
class Wanted:
    """What `android_demo`'s Request says."""

    bundle: str | None  # its name there; else the first
    backends: Sequence[str]
    threads: Sequence[int]
    blocks: int
    seconds: float
    noise: float

    def extras(self, run: str) -> dict[str, str]:
        said = {
            "run": run,
            "backends": ",".join(self.backends),
            "threads": ",".join(map(str, self.threads)),
            "blocks": str(self.blocks),
            "seconds": f"{self.seconds:g}",
            "noise": f"{self.noise:g}",
        }
        return said | ({"bundle": self.bundle} if self.bundle else {})


@dataclass(frozen=True)
class Found:
    profile: Profile | None  # None where no lane could be measured
    text: bytes  # of the profile, as the app wrote it
    lanes: tuple[LaneStatus, ...]


def run_benchmark(app: App, wanted: Wanted, tell: Callable[[Status], None], wait: Callable[[float], None] = time.sleep) -> Found:
    """`tell` is told whenever the app has written something new. However this ends, the app does, and its files go."""
    with _run_of(app, wanted) as folder:
        status = None
        for status in _follow(app, folder, _STILL_S + 3 * wanted.seconds, wait):
            tell(status)
        assert status is not None  # _follow ends with one that has finished
        if all(lane.blocks == 0 for lane in status.lanes):
            return Found(None, b"", status.lanes)
        text = _read(app, f"{folder}/profile.json", _FETCH_S)
        if text is None:
            raise DeviceError(f"{app.device.name}: the app finished without a profile; try again")
        return Found(_parse(text, app.device.name), text, status.lanes)


@contextmanager
def _run_of(app: App, wanted: Wanted) -> Iterator[str]:
    """The folder of its results there. What earlier runs left whose end we did not see is removed, too."""
    run = _PREFIX + secrets.token_hex(6)
    try:
        app.run('rm -rf "$1"/"$2"*', _RUNS, _PREFIX)
        app.start(BENCHMARK, wanted.extras(run))
        yield f"{_RUNS}/{run}"
    finally:
        with suppress(DeviceError):  # a phone that is gone; the next run removes them
            app.stop()
            app.run('rm -rf "$1"', f"{_RUNS}/{run}")


def _follow(app: App, folder: str, still_s: float, wait: Callable[[float], None]) -> Iterator[Status]:
    """Every status that differs from the one before, to the one that says it has finished. DeviceError if it fails or stops."""
    name, text, since, missing = app.device.name, None, time.monotonic(), 0
    while True:
        missing = 0 if app.runs() else missing + 1  # before the status is read, which may be its last
        found = _read(app, f"{folder}/status.json", _FETCH_S)
        if found is not None and found != text:
            text, since = found, time.monotonic()
            status = read_status(text, name)
            if status.state == "failed":
                raise DeviceError(f"{name}: the benchmark failed: {status.told or 'the app gives no reason'}")
            yield status
            if status.state == "finished":
                return
        elif missing >= _GONE:
            raise DeviceError(f"{name}: the app ended in the middle of the benchmark; look with: adb logcat -b crash -d")
        elif text is None and time.monotonic() - since > _BEGIN_S:
            raise DeviceError(f"{name}: the benchmark does not begin; unlock the phone, look at its screen and try again")
        elif time.monotonic() - since > still_s:
            raise DeviceError(f"{name}: the benchmark has stood still for {still_s:.0f} s, so it was stopped")
        wait(_LOOK_S)


def _read(app: App, file: str, limit_s: float) -> bytes | None:
    """None while it is not there."""
    finished = app.run('[ ! -e "$1" ] || { echo there && cat "$1"; }', file, timeout_s=limit_s)
    if finished.exit_code:
        raise DeviceError(f"{app.device.name}: {file} cannot be read: {last_line(finished.stderr) or 'no reason given'}")
    return finished.stdout.removeprefix(b"there\n") if finished.stdout else None


def _parse(text: bytes, source: str) -> Profile:
    """By what reads any profile."""
    with tempfile.TemporaryDirectory(prefix="dsnet-edge-") as folder:
        file = FilePath(folder) / "profile.json"
        file.write_bytes(text)
        try:
            return read_profile(file)
        except ProfileError as error:
            reason = str(error).removeprefix(f"{file}: ")
            raise DeviceError(f"{source}: the app wrote a profile that is none: {reason}") from error
