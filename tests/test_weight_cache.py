"""The files of packed weights: written once, used only whole, and never the reason that something fails."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from pathlib import Path as FilePath

import pytest

from dsnet_edge.runtime import weight_cache
from dsnet_edge.runtime.weight_cache import packed_weights
from dsnet_edge.user_cache import user_cache

WEIGHTS = bytes(range(256)) * 12_289  # three blocks, the last in part


class Packer:
    """Writes the weights, and counts how often."""

    def __init__(self, content: bytes = WEIGHTS) -> None:
        self.content, self.calls = content, 0

    def __call__(self, path: str) -> None:
        self.calls += 1
        FilePath(path).write_bytes(self.content)


@pytest.fixture(autouse=True)
def folder(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "dsnet-edge" / "litert"


def content_of(key: str, pack: Packer) -> bytes | None:
    with packed_weights(key, pack) as path:
        return FilePath(path).read_bytes() if path else None


def test_weights_are_packed_once(folder: FilePath) -> None:
    pack = Packer()
    assert [content_of("key", pack) for _ in range(3)] == [WEIGHTS] * 3
    assert pack.calls == 1
    assert len(list(folder.iterdir())) == 1


def test_every_key_has_its_own() -> None:
    for content in (b"first", b"second"):
        assert content_of(content.decode(), Packer(content)) == content
    assert content_of("first", Packer(b"other")) == b"first"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: 1 << 20],
        lambda content: content + b"\0",
        lambda content: content[:70_000] + bytes([content[70_000] ^ 1]) + content[70_001:],
        lambda content: content[: 2 << 20] + bytes(len(content) - (2 << 20)),
        lambda content: bytes(len(content)),
    ],
    ids=["empty", "short by one", "a block only", "long by one", "a bit", "the end zero", "all zero"],
)
def test_what_is_damaged_is_packed_again(folder: FilePath, damage) -> None:
    content_of("key", Packer())
    (file,) = folder.iterdir()
    file.write_bytes(damage(WEIGHTS))
    pack = Packer()
    assert content_of("key", pack) == WEIGHTS
    assert pack.calls == 1
    assert list(folder.iterdir()) == [file]
    assert file.read_bytes() == WEIGHTS


def test_an_interrupted_write_leaves_nothing_that_is_used(folder: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle: the scratch file stays. Told to stop: not even that."""
    folder.mkdir(parents=True)
    (folder / "key.abc123").write_bytes(WEIGHTS[:1000])

    def interrupted(source: object, target: object, length: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "copyfileobj", interrupted)
        content_of("key", Packer())
    assert [file.name for file in folder.iterdir()] == ["key.abc123"]
    assert content_of("key", Packer()) == WEIGHTS


def test_a_full_disk_means_no_file(folder: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source, target, length: int) -> None:
        target.write(source.read(1000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    assert content_of("key", Packer()) is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/nowhere", "file"])
def test_a_folder_that_cannot_be_written_means_no_file(place: str, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
    pack = Packer()
    assert content_of("key", pack) is None
    assert pack.calls == 0


def test_no_home_means_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> FilePath:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setattr(FilePath, "home", homeless)
    assert content_of("key", Packer()) is None


def test_the_folder_is_where_the_user_keeps_caches(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_cache("litert") == tmp_path / "dsnet-edge" / "litert"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/somewhere")
    assert user_cache("litert") == FilePath("/somewhere/.cache/dsnet-edge/litert")


@pytest.mark.parametrize("pack", [lambda path: None, lambda path: FilePath("/proc/nowhere/at/all").write_bytes(b"")])
def test_a_runtime_that_packs_nothing_gets_no_file(folder: FilePath, pack) -> None:
    assert content_of("key", pack) is None
    assert list(folder.iterdir()) == []


def test_two_may_pack_at_the_same_time(folder: FilePath) -> None:
    meeting = threading.Barrier(2, timeout=60)
    found: list[bytes | None] = []

    class Meeting(Packer):
        def __call__(self, path: str) -> None:
            super().__call__(path)
            meeting.wait()  # neither has finished before the other has begun

    threads = [threading.Thread(target=lambda: found.append(content_of("key", Meeting()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [WEIGHTS, WEIGHTS]
    assert len(list(folder.iterdir())) == 1


def test_a_file_that_is_removed_stays_for_who_uses_it(folder: FilePath) -> None:
    with packed_weights("key", Packer()) as path:
        for file in folder.iterdir():
            file.unlink()
        assert FilePath(path).read_bytes() == WEIGHTS


def test_the_folder_keeps_to_its_size(folder: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used longest ago goes first, and what was just written stays even where it is too large alone."""
    monkeypatch.setattr(weight_cache, "_LARGEST_FOLDER", 100)
    for time, key in enumerate("ab"):
        content_of(key, Packer(bytes(40)))
        for file in folder.glob(f"{key}.*"):
            os.utime(file, (time, time))
    content_of("a", Packer())  # used again
    content_of("c", Packer(bytes(40)))
    assert {file.name[0] for file in folder.iterdir()} == {"a", "c"}
    assert content_of("large", Packer(bytes(200))) == bytes(200)
    assert {file.name.split(".")[0] for file in folder.iterdir()} == {"large"}
