"""Refuses a libdsnet.so that Android's linker would not load, or that takes from Android what symbols.txt does not allow.

    python3 android_demo/native/elf_gate.py LIBRARY

Reads what binutils' `readelf` says of the file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path as FilePath

from symbols import read_symbols

SONAME = "libdsnet.so"
EXPORTS = {"JNI_OnLoad"}
API_LEVEL = 26
LARGEST_PAGE_BYTES = 0x4000  # of phones since Android 15


@dataclass(frozen=True)
class Segment:
    kind: str
    flags: str  # of R, W, E
    align: int


@dataclass(frozen=True)
class Elf:
    """What readelf says, as far as it matters here."""

    machine: str
    n_sections: int
    segments: list[Segment]
    dynamic: list[tuple[str, str]]  # tag and value
    undefined: set[str]  # with the version, as name@VERSION
    defined: set[str]
    relocations: set[str]  # their types
    notes: str


def read_elf(file: FilePath) -> Elf:
    header, segments, dynamic = (_readelf(option, file) for option in ("-h", "-l", "-d"))
    symbols = [line.split() for line in _readelf("--dyn-syms", file).splitlines()]
    listed = [words for words in symbols if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK", "UNIQUE")]
    return Elf(
        machine=" ".join(re.findall(r"^ *(?:Class|Machine|Type): +(\S+)", header, re.MULTILINE)),
        n_sections=int("".join(re.findall(r"^ *Number of section headers: +(\d+)", header, re.MULTILINE))),
        segments=[
            Segment(kind, flags.replace(" ", ""), int(align, 16))
            for kind, flags, align in re.findall(r"^ +([A-Z_]+) +(?:0x\w+ ){5}([RWE ]{3}) (0x\w+|0)$", segments, re.MULTILINE)
        ],
        dynamic=[(tag, value) for tag, value in re.findall(r"^ 0x\w+ \((\w+)\) +(.*)$", dynamic, re.MULTILINE)],
        undefined={words[7] for words in listed if words[6] == "UND"},
        defined={words[7] for words in listed if words[6] != "UND"},
        relocations=set(re.findall(r" (R_\w+) ", _readelf("-r", file))),
        notes=_readelf("-n", file),
    )


def faults(elf: Elf) -> list[str]:
    """One line for each; none of a library that may be shipped."""
    return [*_faults_of_the_file(elf), *_faults_of_memory(elf), *_faults_of_symbols(elf)]


def _faults_of_the_file(elf: Elf) -> list[str]:
    found = []
    if elf.machine != "ELF64 DYN AArch64":
        found.append(f"is {elf.machine}, expected ELF64 DYN AArch64")
    if elf.n_sections == 0:
        found.append("has no section headers, which Android's linker reads")
    if (soname := _values(elf, "SONAME")) != [SONAME]:
        found.append(f"is called {soname}, expected {SONAME}")
    if not re.search(rf"Android .*\n? *description data: {API_LEVEL:02x} 00 00 00", elf.notes):
        found.append(f"has no note that it is for Android's API level {API_LEVEL}")
    if "NT_GNU_BUILD_ID" not in elf.notes:
        found.append("has no build ID")
    return found


def _faults_of_memory(elf: Elf) -> list[str]:
    loads = [segment for segment in elf.segments if segment.kind == "LOAD"]
    stacks = [segment.flags for segment in elf.segments if segment.kind == "GNU_STACK"]
    kinds = {segment.kind for segment in elf.segments}
    flags = {flag for tag, value in elf.dynamic if tag == "FLAGS" for flag in value.split()} | {tag for tag, _ in elf.dynamic}
    found = [
        f"has a LOAD segment aligned to {segment.align:#x}, expected {LARGEST_PAGE_BYTES:#x}: phones have pages of 16 KiB"
        for segment in loads
        if segment.align != LARGEST_PAGE_BYTES
    ]
    if not loads:
        found.append("has no LOAD segment")
    if any({"W", "E"} <= set(segment.flags) for segment in loads):
        found.append("has a segment that can be written and executed")
    if stacks != ["RW"]:
        found.append(f"has GNU_STACK {stacks}, expected RW: an executable stack is refused")
    if "GNU_RELRO" not in kinds or "BIND_NOW" not in flags:
        found.append("is not linked with -z relro -z now")
    if "TLS" in kinds:
        found.append("has thread-local storage, which Android's linker has since API level 29")
    if "GNU_EH_FRAME" not in kinds:
        found.append("has no .eh_frame_hdr, without which no exception finds its handler")
    if "TEXTREL" in flags:
        found.append("has text relocations, which Android refuses")
    if any("IRELATIV" in kind for kind in elf.relocations):
        found.append("has functions that are chosen while it is loaded (ifunc)")
    return found


def _faults_of_symbols(elf: Elf) -> list[str]:
    allowed = {symbol.name: symbol.version for symbol in read_symbols()}
    libraries = {f"{symbol.library}.so" for symbol in read_symbols()}
    found = [f"needs {name}, which is none of {', '.join(sorted(libraries))}" for name in set(_values(elf, "NEEDED")) - libraries]
    for symbol in sorted(elf.undefined):
        name, _, version = symbol.partition("@")
        if name not in allowed:
            found.append(f"takes {symbol} from Android, which symbols.txt does not allow")
        elif (version or None) != allowed[name]:
            found.append(f"takes {symbol}, expected version {allowed[name]}")
    if elf.defined != EXPORTS:
        found.append(f"exports {', '.join(sorted(elf.defined)) or 'nothing'}, expected {', '.join(EXPORTS)}")
    return found


def _values(elf: Elf, wanted: str) -> list[str]:
    """Names in brackets."""
    return [value.partition("[")[2].rstrip("]") for tag, value in elf.dynamic if tag == wanted]


def _readelf(option: str, file: FilePath) -> str:
    command = ["readelf", "-W", option, str(file)]
    answer = subprocess.run(command, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    if answer.returncode != 0 or "Error" in answer.stderr:
        sys.exit(f"error: {file}: {answer.stderr.strip().splitlines()[0]}; expected a shared library")
    return answer.stdout


def main() -> int:
    file = FilePath(sys.argv[1])
    elf = read_elf(file)
    wrong = faults(elf)
    for fault in wrong:
        print(f"error: {file}: {fault}", file=sys.stderr)
    if not wrong:
        print(f"{file.name}: {file.stat().st_size} bytes, takes {len(elf.undefined)} symbols of Android's, all allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
