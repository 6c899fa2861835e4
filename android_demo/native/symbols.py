"""symbols.txt: what libdsnet.so may take from which of Android's libraries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath

FILE = FilePath(__file__).with_name("symbols.txt")
DATA = frozenset({"stderr"})  # the others are functions


@dataclass(frozen=True)
class Symbol:
    name: str
    library: str  # libc, libm, libdl or liblog
    reason: str

    @property
    def version(self) -> str | None:
        """Of the symbol, in Android's library; the log's have none."""
        return None if self.library == "liblog" else "LIBC"


def read_symbols(file: FilePath = FILE) -> list[Symbol]:
    lines = (line.split() for line in file.read_text().splitlines())
    return [Symbol(*words) for words in lines if words and not words[0].startswith("#")]
