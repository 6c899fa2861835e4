"""Files of packed weights, which a second start maps instead of packing the weights of a model again.

They lie in `$XDG_CACHE_HOME/dsnet-edge/litert`, else `~/.cache/dsnet-edge/litert`. Losing one costs the time of a first start,
and nothing that is wrong with one, or with the folder, is an error: it only means that weights are packed anew.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.user_cache import user_cache

_LARGEST_FOLDER = 1 << 30  # bytes
_BLOCK, _PAGE = 1 << 20, 4096


@contextmanager
def packed_weights(key: str, pack: Callable[[str], object]) -> Iterator[str]:
    """The file of `key` as a path to open while the context lasts; an empty one where there can be none.

    What was missing or damaged is written by `pack(path)`, which may have to end the process where a disk is full: so it writes
    to memory, and the copy from there to disk is ours. A name ends in the sum of the content, so that a file is either what was
    written or not used, whatever crashed or wrote beside us.
    """
    stream = None
    with suppress(OSError, RuntimeError):  # RuntimeError: there is no home
        folder = user_cache("litert")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = _find(folder, key) or _write(folder, key, pack)
    if stream is None:
        yield ""
        return
    with stream:
        yield _path_of(stream.fileno())  # the file may be deleted meanwhile, but not under us


def _find(folder: FilePath, key: str) -> FileIO | None:
    for file in folder.glob(f"{key}.*.packed"):
        stream = FileIO(file)
        if _sum(stream) == file.suffixes[-2][1:]:
            with suppress(OSError):  # a folder of someone else's
                os.utime(file)  # used last, removed last
            return stream
        stream.close()
        file.unlink()
    return None


def _write(folder: FilePath, key: str, pack: Callable[[str], object]) -> FileIO | None:
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return None  # it holds for memory, too
    with FileIO(os.memfd_create("packed")) as memory:
        pack(_path_of(memory.fileno()))
        if not os.fstat(memory.fileno()).st_size:
            return None
        checksum = _sum(memory)
        memory.seek(0)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f"{key}.", delete=False) as scratch:
            try:
                shutil.copyfileobj(memory, scratch, _BLOCK)
                scratch.flush()
                file = FilePath(scratch.name).rename(folder / f"{key}.{checksum}.packed")
            except BaseException:
                FilePath(scratch.name).unlink()
                raise
    _trim(folder, file)
    return FileIO(file)


def _trim(folder: FilePath, kept: FilePath) -> None:
    """Removes what was used longest ago, scratch files of killed processes included, until the folder is small enough."""
    size = 0
    for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True):
        size += file.stat().st_size
        if size > _LARGEST_FOLDER and file != kept:
            file.unlink()


def _sum(stream: FileIO) -> str:
    """Of every byte, at the speed of memory; a hash of them all takes longer than packing. Against accidents, not attacks."""
    digest, block = hashlib.sha256(), bytearray(_BLOCK)
    words = np.frombuffer(block, np.uint64).reshape(-1, _PAGE // 8)
    stream.seek(0)
    while count := stream.readinto(block):
        block[count:] = bytes(_BLOCK - count)
        digest.update(count.to_bytes(8, "little") + words.sum(1).tobytes())
    return digest.hexdigest()[:32]


def _path_of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"
