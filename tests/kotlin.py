"""The app's plain Kotlin and its tests on this machine's JVM."""

from __future__ import annotations

import functools
from pathlib import Path as FilePath

from android import NATIVE, OUT, PROJECT, run

_JARS = (
    OUT / "tools/kotlin/lib/kotlin-stdlib.jar",
    OUT / "tools/kotlin/lib/kotlin-test.jar",
    FilePath("/usr/share/java/com.android.json.jar"),
    FilePath("/usr/share/java/junit4.jar"),
)


@functools.cache
def java() -> tuple[str, ...]:
    """The command that a class of core's or of its tests, and its arguments, come behind. All is compiled if need be."""
    run(PROJECT / "android_demo/tools/jvm.sh", "build", timeout=900)
    library = OUT / "native/host/libdsnet.so"
    run(NATIVE / "build.sh", library, "host", timeout=900)
    classes = ":".join(map(str, (OUT / "core", OUT / "core-test", *_JARS)))
    return "java", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={library.parent}", "-cp", classes
