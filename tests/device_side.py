"""What the stand-ins for devices have in common: programs in front of the machine's own that make it look like a Pi or a phone.

`uname` says aarch64, and `timeout`, which starts every program on a device, starts those for aarch64 by qemu-user: what the
kernel does on a Pi, and here only with binfmt_misc.
"""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath

CHECKOUT = FilePath(__file__).resolve().parents[1]

_TIMEOUT = """#!/bin/sh
# timeout -s KILL SECONDS PROGRAM ...
seconds=$3 program=$4
case $program in */*)
  if [ "$(od -An -tx1 -j18 -N1 "$program" 2>/dev/null)" = " b7" ]; then
    shift 3
    exec /usr/bin/timeout -s KILL "$seconds" qemu-aarch64 "$@"
  fi ;;
esac
exec /usr/bin/timeout "$@"
"""

AARCH64 = {"uname": '#!/bin/sh\n[ "$1" = -m ] && echo aarch64 || exec /bin/uname "$@"\n', "timeout": _TIMEOUT}


def write_programs(folder: FilePath, programs: Mapping[str, str]) -> FilePath:
    """Shell scripts by name, executable."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@functools.cache
def arm_bench() -> FilePath:
    """build/arm/dsnet-bench of the checkout, brought up to date."""
    file = CHECKOUT / "build" / "arm" / "dsnet-bench"
    file.parent.parent.mkdir(exist_ok=True)
    with (file.parent.parent / "arm.lock").open("w") as lock:  # tests run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([CHECKOUT / "scripts" / "build-arm.sh"], check=True, capture_output=True)
    return file


def running(mark: str) -> list[int]:
    """Processes with an argument that is `mark`."""
    found = []
    for process in FilePath("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if mark.encode() in arguments:
            found.append(int(process.name))
    return found


def wait_for(condition: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Returns as soon as it holds; fails if it never does."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)


def with_path(*folders: FilePath) -> str:
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])
