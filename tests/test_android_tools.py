"""What the build of the Android app does itself: downloads that are what was pinned, and libraries that a phone can map."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath

import pytest

sys.path.insert(0, str(FilePath(__file__).resolve().parents[1] / "android_demo" / "tools"))

import fetch
import pack

CONTENT = b"a jar"


@pytest.fixture
def package(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> Iterator[fetch.Package]:
    """On a registry of this machine's own."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name in ("package/lib/a.jar", "package/lib/deep/b.jar", "package/README.md"):
            entry = tarfile.TarInfo(name)
            entry.size = len(CONTENT)
            tar.addfile(entry, io.BytesIO(CONTENT))
    served = tmp_path / "served" / "@of" / "tools" / "-" / "tools-1.0.tgz"
    served.parent.mkdir(parents=True)
    served.write_bytes(archive.getvalue())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        digest = base64.b64encode(hashlib.sha512(archive.getvalue()).digest()).decode()
        yield fetch.Package("@of/tools", "1.0", digest, ("lib/",), "a test")
        server.shutdown()


def test_only_the_wanted_members_are_unpacked(package: fetch.Package, tmp_path: FilePath) -> None:
    fetch.fetch(package, tmp_path / "out")
    found = sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert found == [".version", "lib/a.jar", "lib/deep/b.jar"]
    assert (tmp_path / "out/lib/a.jar").read_bytes() == CONTENT


def test_a_download_is_kept_and_a_damaged_one_fetched_again(package: fetch.Package, tmp_path: FilePath) -> None:
    fetch.fetch(package, tmp_path / "out")
    kept = next((tmp_path / "cache").rglob("*.tgz"))
    served = next((tmp_path / "served").rglob("*.tgz")).rename(tmp_path / "away.tgz")
    fetch.fetch(package, tmp_path / "second")
    kept.write_bytes(b"damaged")
    with pytest.raises(fetch.FetchError, match="404"):
        fetch.fetch(package, tmp_path / "third")
    served.rename(tmp_path / "served/@of/tools/-/tools-1.0.tgz")
    fetch.fetch(package, tmp_path / "third")
    assert (tmp_path / "third/lib/a.jar").read_bytes() == CONTENT


def test_what_is_not_as_pinned_is_refused_and_not_kept(package: fetch.Package, tmp_path: FilePath) -> None:
    with pytest.raises(fetch.FetchError, match=r"SHA-512 is .* expected AAAA; do not use it"):
        fetch.fetch(replace(package, sha512="AAAA"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_another_version_replaces_the_one_that_is_there(package: fetch.Package, tmp_path: FilePath) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.jar").touch()
    fetch.fetch(package, tmp_path / "out")
    assert not (tmp_path / "out" / "old.jar").exists()


@pytest.mark.parametrize("name_bytes", range(1, 40, 7))
def test_libraries_begin_on_a_page_whatever_is_before_them(tmp_path: FilePath, name_bytes: int) -> None:
    with zipfile.ZipFile(tmp_path / "linked.apk", "w") as linked:
        linked.writestr("n" * name_bytes, b"x" * name_bytes)
        linked.writestr("AndroidManifest.xml", b"y" * 100, zipfile.ZIP_DEFLATED)
    for name in ("classes.dex", "a.so", "b.so"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    libraries = {f"lib/arm64-v8a/{name}": tmp_path / name for name in ("a.so", "b.so")}
    pack.pack(tmp_path / "out.apk", tmp_path / "linked.apk", [tmp_path / "classes.dex"], libraries)
    assert pack.check(tmp_path / "out.apk") == []
    found = pack.offsets(tmp_path / "out.apk")
    for name, file in libraries.items():
        offset = found[name][0]
        assert offset % 16384 == 0
        assert (tmp_path / "out.apk").read_bytes()[offset:].startswith(file.read_bytes())
    with zipfile.ZipFile(tmp_path / "out.apk") as apk:
        assert apk.testzip() is None
        assert apk.read("n" * name_bytes) == b"x" * name_bytes


def test_a_compressed_or_misplaced_library_is_named(tmp_path: FilePath) -> None:
    with zipfile.ZipFile(tmp_path / "bad.apk", "w") as apk:
        apk.writestr("lib/arm64-v8a/a.so", bytes(100))
        apk.writestr("lib/arm64-v8a/b.so", bytes(100), zipfile.ZIP_DEFLATED)
    assert pack.check(tmp_path / "bad.apk") == [
        "lib/arm64-v8a/a.so begins at 48, which is no multiple of 16384",
        "lib/arm64-v8a/b.so is compressed",
    ]
