"""Fetches what builds and tests the Android app without Google's repositories, and checks every download by its SHA-512.

    python3 android_demo/tools/fetch.py OUT [NAME ...]

Unpacks into OUT. Downloads are kept in `$XDG_CACHE_HOME/dsnet-edge/android` (else `~/.cache`).
`$NPM_CONFIG_REGISTRY` names a mirror.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

_TIMEOUT_S = 60
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Package:
    """A package of the npm registry, of which nothing is run by npm."""

    package: str
    version: str
    sha512: str  # base64, as the registry's `integrity` has it
    members: tuple[str, ...]  # what is unpacked: a file, or a folder with a slash at its end
    why: str

    @property
    def file(self) -> str:
        return f"{self.package.rpartition('/')[2]}-{self.version}.tgz"

    @property
    def address(self) -> str:
        registry = os.environ.get("NPM_CONFIG_REGISTRY") or "https://registry.npmjs.org"
        return f"{registry.rstrip('/')}/{self.package}/-/{self.file}"


PACKAGES = {
    "kotlin": Package(
        "kotlin-compiler",
        "2.4.20",
        "IF5IVM7LpPhA/ntHQQpaVt1yxpaaQovtEVYLyqWMuaLr0XelLPPm7/sM6HLhtcRjjjoSsK7I7lP2kzYJkMy73w==",
        ("bin/", "lib/", "license/"),
        "the Kotlin compiler, its library and kotlin-test",
    ),
    "dx": Package(
        "@nativescript/android",
        "9.1.1",
        "oDWfVnQtgQ0ctbfFWSugqGEZnYVjls82FqlO5UbA9HNwTNqdP4gqWwqHR80WKQngrbxlRHYDIuYv5S9kQfKhcw==",
        ("framework/build-tools/android-metadata-generator.jar",),
        "dx, which turns class files into dex",
    ),
    "types": Package(
        "@nativescript/types-android",
        "9.1.1",
        "PGaTum9tyqyyza3QT21Z7WrRR1+nM7ITsq9EJiaShLArThJI0PD1ZuDO5IoUUvSQ+gTKU2nLiVMnFbU4s3FeeQ==",
        ("lib/android/android-platform-37.d.ts",),
        "the framework's public API, which the stubs are checked against",
    ),
    "executorch": Package(
        "react-native-executorch",
        "0.5.15",
        "QypTQIvtArexiwL/YIDtxy9Sp8iEvsD+gUGGhGq5X3hjjRUOBqkGBK7bRRrB1BH4twqTBNxa23mntEmpUe27Eg==",
        ("android/libs/classes.jar",),
        "the Java classes of ExecuTorch, which its engine is compiled against",
    ),
}


class FetchError(Exception):
    """A download that failed or is not what was pinned."""


def fetch(package: Package, out: FilePath) -> None:
    """Unpacks the members into `out`, whole or not at all; does nothing where this version is there already."""
    if out.is_dir():
        if (out / ".version").is_file() and (out / ".version").read_text() == package.sha512:
            return
        shutil.rmtree(out)
    archive = _cached(package)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        unpacked = FilePath(folder) / "package"
        with tarfile.open(archive) as tar:
            for member, name in _wanted(tar, package):
                _write(tar, member, unpacked / name)
        (unpacked / ".version").write_text(package.sha512)
        unpacked.rename(out)


def _wanted(tar: tarfile.TarFile, package: Package) -> Iterator[tuple[tarfile.TarInfo, str]]:
    for member in tar:
        name = member.name.removeprefix("package/")
        inside = (name == wanted or (wanted.endswith("/") and name.startswith(wanted)) for wanted in package.members)
        if member.isfile() and any(inside):
            yield member, name


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, file: FilePath) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None
    with content, file.open("wb") as written:
        shutil.copyfileobj(content, written)


def _cached(package: Package) -> FilePath:
    cache = FilePath(os.environ.get("XDG_CACHE_HOME") or FilePath.home() / ".cache") / "dsnet-edge" / "android"
    file = cache / f"{package.package.replace('/', '-').lstrip('@')}-{package.version}.tgz"
    if file.is_file() and _sha512(file) == package.sha512:
        return file
    cache.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        print(f"fetching {package.package} {package.version}: {package.why}", flush=True)
        with urllib.request.urlopen(package.address, timeout=_TIMEOUT_S) as answer, part.open("wb") as written:
            shutil.copyfileobj(answer, written, _CHUNK_BYTES)
        if (found := _sha512(part)) != package.sha512:
            raise FetchError(f"{package.address}: its SHA-512 is {found}, expected {package.sha512}; do not use it")
        part.rename(file)
    except OSError as error:
        raise FetchError(f"{package.address}: {error}; check the network, or put the file at {file}") from error
    finally:
        part.unlink(missing_ok=True)
    return file


def _sha512(file: FilePath) -> str:
    with file.open("rb") as opened:
        return base64.b64encode(hashlib.file_digest(opened, "sha512").digest()).decode()


def main() -> int:
    out, names = FilePath(sys.argv[1]), sys.argv[2:] or list(PACKAGES)
    try:
        for name in names:
            fetch(PACKAGES[name], out / name)
    except FetchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
