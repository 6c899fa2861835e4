"""Writes a jar of Java 8's public classes, from the signatures that a JDK keeps of older releases.

    python3 android_demo/tools/java8.py JAVA_HOME OUT.jar

Debian's ProGuard reads class files up to those of Java 13, and so not the modules of a newer JDK.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path as FilePath

_RELEASE = "8"
_JAVA_8 = (52).to_bytes(4, "big")  # minor and major version of its class files


def write_java8(java_home: FilePath, out: FilePath) -> None:
    part = out.with_suffix(".part")
    with zipfile.ZipFile(java_home / "lib" / "ct.sym") as signatures, zipfile.ZipFile(part, "w") as jar:
        for name in signatures.namelist():
            releases, _, member = name.partition("/")  # such as 789A/java.base/java/lang/Object.sig
            if _RELEASE in releases and member.endswith(".sig") and "module-info" not in member:
                content = signatures.read(name)
                jar.writestr(_class_name(member), content[:4] + _JAVA_8 + content[8:])
    part.rename(out)


def _class_name(member: str) -> str:
    """Since JDK 12 the signatures lie in a folder for each module."""
    first, _, rest = member.partition("/")
    inside = rest if "." in first else member
    return inside.removesuffix(".sig") + ".class"


if __name__ == "__main__":
    write_java8(FilePath(sys.argv[1]), FilePath(sys.argv[2]))
