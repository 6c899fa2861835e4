"""The app's plain Kotlin and its tests on this machine's JVM."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path as FilePath

CHECKOUT = FilePath(__file__).resolve().parents[1]
_BUILT = CHECKOUT / "build" / "android"
_JARS = (
    _BUILT / "tools/kotlin/lib/kotlin-stdlib.jar",
    _BUILT / "tools/kotlin/lib/kotlin-test.jar",
    FilePath("/usr/share/java/com.android.json.jar"),
    FilePath("/usr/share/java/junit4.jar"),
)


@functools.cache
def java() -> tuple[str, ...]:
    """The command that a class of core's or of its tests, and its arguments, come behind. Compiled if need be."""
    # Downloads are pinned by their hash, so they may come from the user's cache, unlike everything else of a test.
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    built = subprocess.run(
        [CHECKOUT / "android_demo/tools/jvm.sh", "build"], env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    classes = os.pathsep.join(map(str, (_BUILT / "core", _BUILT / "core-test", *_JARS)))
    return "java", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={_BUILT / 'native/host'}", "-cp", classes
