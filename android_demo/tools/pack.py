"""Writes an APK from what aapt2 linked, the dex files and the native libraries.

    python3 android_demo/tools/pack.py OUT.apk LINKED.apk CLASSES.dex... lib/arm64-v8a/NAME.so=FILE...

Native libraries are stored, not compressed, and begin on a 16 KiB boundary, so that Android maps them from the APK itself on
phones of either page size; what else is stored begins on 4 bytes. (Debian's zipalign knows pages of 4 KiB only.)
"""

from __future__ import annotations

import struct
import sys
import zipfile
from pathlib import Path as FilePath

_PAGE_BYTES, _WORD_BYTES = 16384, 4
_ALIGNMENT_ID = 0xD935  # of the extra field with which apksigner knows that alignment is wanted, and keeps it
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same input gives the same bytes


def pack(out: FilePath, linked: FilePath, dex: list[FilePath], libraries: dict[str, FilePath]) -> None:
    part = out.with_suffix(".part")
    with zipfile.ZipFile(linked) as source, zipfile.ZipFile(part, "w") as apk:
        for entry in source.infolist():
            _add(apk, entry.filename, source.read(entry), entry.compress_type)
        for file in dex:
            _add(apk, file.name, file.read_bytes(), zipfile.ZIP_DEFLATED)
        for name, file in libraries.items():
            _add(apk, name, file.read_bytes(), zipfile.ZIP_STORED)
    part.rename(out)


def _add(apk: zipfile.ZipFile, name: str, content: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = method
    if method == zipfile.ZIP_STORED:
        boundary = _PAGE_BYTES if name.endswith(".so") else _WORD_BYTES
        assert apk.fp is not None
        begin = apk.fp.tell() + 30 + len(name.encode()) + 6  # the local header, the name, and the extra field without padding
        padding = -begin % boundary
        entry.extra = struct.pack("<HHH", _ALIGNMENT_ID, 2 + padding, boundary) + bytes(padding)
    apk.writestr(entry, content)


def offsets(apk: FilePath) -> dict[str, tuple[int, int]]:
    """Of every entry: where its content begins, and its compression method."""
    found = {}
    with zipfile.ZipFile(apk) as archive, apk.open("rb") as file:
        for entry in archive.infolist():
            file.seek(entry.header_offset + 26)
            name_bytes, extra_bytes = struct.unpack("<HH", file.read(4))
            found[entry.filename] = entry.header_offset + 30 + name_bytes + extra_bytes, entry.compress_type
    return found


def check(apk: FilePath) -> list[str]:
    """What is wrong with the alignment of an APK: nothing, in one that Android maps."""
    wrong = []
    for name, (offset, method) in offsets(apk).items():
        boundary = _PAGE_BYTES if name.endswith(".so") else _WORD_BYTES
        if name.endswith(".so") and method != zipfile.ZIP_STORED:
            wrong.append(f"{name} is compressed")
        elif method == zipfile.ZIP_STORED and offset % boundary:
            wrong.append(f"{name} begins at {offset}, which is no multiple of {boundary}")
    return wrong


def main() -> None:
    out, linked, *rest = sys.argv[1:]
    dex = [FilePath(argument) for argument in rest if "=" not in argument]
    libraries = dict(argument.split("=", 1) for argument in rest if "=" in argument)
    pack(FilePath(out), FilePath(linked), dex, {name: FilePath(file) for name, file in libraries.items()})


if __name__ == "__main__":
    main()
