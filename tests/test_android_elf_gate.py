"""The gate that a libdsnet.so for phones passes: the real one does, and each planted fault is found."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path as FilePath

import pytest
from android import NATIVE, OUT, build_phone_library
from elf_gate import faults, read_elf
from stubs import TARGET
from symbols import read_symbols

ON_LOAD = "int JNI_OnLoad(void *vm, void *reserved) { (void)vm; (void)reserved; return 0x10006; }\n"
SCRIPT = f"--version-script={NATIVE}/exports.map"
LINKING = (
    "-shared -soname libdsnet.so --eh-frame-hdr --build-id=sha1 -z relro -z now -z noexecstack -z max-page-size=16384 "
    f"{SCRIPT} --unresolved-symbols=ignore-all"
)


@dataclass(frozen=True)
class Planted:
    fault: str  # what the gate says
    source: str = ""  # beside JNI_OnLoad
    option: str = ""  # of LINKING, which is replaced
    instead: str = ""


PLANTED = {
    "symbol": Planted("takes fopen from Android, which symbols.txt does not allow", "int fopen(void); int (*p)(void) = fopen;"),
    "version": Planted("takes expf, expected version LIBC", "float expf(float); float (*p)(float) = expf;"),
    "export": Planted("exports JNI_OnLoad, more", "int more(void) { return 1; }", SCRIPT, "--version-script=all.map"),
    "thread": Planted("has thread-local storage", "_Thread_local int x; int *y(void) { return &x; } int *(*p)(void) = y;"),
    "ifunc": Planted("(ifunc)", 'void *r(void) { return 0; } int f(void) __attribute__((ifunc("r"))); int (*p)(void) = f;'),
    "text": Planted("has text relocations", 'asm(".text\\n.quad p"); int p;', "-z relro", "-z relro -z notext"),
    "pages": Planted("has a LOAD segment aligned to 0x1000, expected 0x4000", "", "max-page-size=16384", "max-page-size=4096"),
    "stack": Planted("has GNU_STACK ['RWE'], expected RW", "", "noexecstack", "execstack"),
    "lazy": Planted("is not linked with -z relro -z now", "", "-z now"),
    "name": Planted("is called ['libother.so'], expected libdsnet.so", "", "libdsnet.so", "libother.so"),
    "unwinding": Planted("has no .eh_frame_hdr", "", "--eh-frame-hdr"),
    "build": Planted("has no build ID", "", "--build-id=sha1"),
}


@pytest.fixture(scope="module", autouse=True)
def built() -> FilePath:
    """The real one, and with it the compiler and the stubs."""
    return build_phone_library()


def compiled(folder: FilePath, source: str, linking: str, start: bool = True) -> FilePath:
    zig, library = OUT / "tools/zig/ziglang/zig", folder / "libdsnet.so"
    (folder / "source.c").write_text(ON_LOAD + source + "\n")
    (folder / "all.map").write_text("{ global: JNI_OnLoad; more; local: *; };\n")
    sources = [folder / "source.c", *([NATIVE / "without_ndk/start.c"] if start else [])]
    compiling = [zig, "clang", f"--target={TARGET}", "-fPIC", "-fno-emulated-tls", "-funwind-tables", "-c", *sources]
    subprocess.run(compiling, cwd=folder, check=True)
    objects = [folder / f"{file.stem}.o" for file in sources]
    libraries = ["-L", OUT / "native/stubs", "-lc"]
    subprocess.run([zig, "ld.lld", *linking.split(), *objects, *libraries, "-o", library], cwd=folder, check=True)
    return library


def test_the_library_for_phones_passes_and_uses_all_that_it_may(built: FilePath) -> None:
    elf = read_elf(built)
    assert faults(elf) == []
    assert {name.partition("@")[0] for name in elf.undefined} == {symbol.name for symbol in read_symbols()}


def test_a_small_library_passes(tmp_path: FilePath) -> None:
    assert faults(read_elf(compiled(tmp_path, "", LINKING))) == []


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_the_one_found(name: str, tmp_path: FilePath) -> None:
    planted = PLANTED[name]
    linking = LINKING.replace(planted.option, planted.instead, 1) if planted.option else LINKING
    found = faults(read_elf(compiled(tmp_path, planted.source, linking)))
    assert found
    assert all(planted.fault in fault for fault in found), found


def test_a_library_without_androids_note_is_refused(tmp_path: FilePath) -> None:
    (fault,) = faults(read_elf(compiled(tmp_path, "", LINKING, start=False)))
    assert fault == "has no note that it is for Android's API level 26"


def test_a_library_without_section_headers_is_refused(tmp_path: FilePath) -> None:
    library = compiled(tmp_path, "", LINKING)
    with library.open("r+b") as file:
        file.seek(0x3C)  # e_shnum and e_shstrndx
        file.write(bytes(4))
    assert "has no section headers, which Android's linker reads" in faults(read_elf(library))


def test_what_a_linux_compiler_makes_is_refused(tmp_path: FilePath) -> None:
    (tmp_path / "source.c").write_text(ON_LOAD + "int puts(const char *); int (*p)(const char *) = puts;\n")
    library = tmp_path / "libdsnet.so"
    subprocess.run(["aarch64-linux-gnu-gcc", "-shared", "-fPIC", tmp_path / "source.c", "-o", library], check=True)
    found = faults(read_elf(library))
    assert "needs libc.so.6, which is none of libc.so, libdl.so, liblog.so, libm.so" in found
    assert "takes puts@GLIBC_2.17 from Android, which symbols.txt does not allow" in found


def test_the_command_says_so_and_fails(built: FilePath, tmp_path: FilePath) -> None:
    bad = compiled(tmp_path, "", LINKING.replace("16384", "4096"))
    (tmp_path / "text").write_text("no library")
    answers = [
        subprocess.run([sys.executable, NATIVE / "elf_gate.py", file], capture_output=True, text=True, check=False)
        for file in (built, bad, tmp_path / "text")
    ]
    assert [answer.returncode for answer in answers] == [0, 1, 1]
    assert "expected 0x4000" in answers[1].stderr
    assert "expected a shared library" in answers[2].stderr
