"""Where the Android app is and is built, for its tests; and a way to run what builds it."""

import os
import subprocess
import sys
from pathlib import Path as FilePath

PROJECT = FilePath(__file__).resolve().parents[1]
NATIVE = PROJECT / "android_demo/native"
OUT = PROJECT / "build/android"
PHONE_LIBRARY = OUT / "native/arm64-v8a/libdsnet.so"

sys.path.insert(0, str(NATIVE))


def run(*command: FilePath | str, timeout: int = 300) -> str:
    """What it prints. Without the tests' own cache folder, so that what was fetched before is used again."""
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    ran = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return ran.stdout


def build_phone_library() -> FilePath:
    """libdsnet.so as `make android` has it. With it come its compiler, and the stubs of Android's libraries."""
    run(NATIVE / "build.sh", PHONE_LIBRARY, timeout=900)
    return PHONE_LIBRARY
