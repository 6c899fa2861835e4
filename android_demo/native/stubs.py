"""Makes the libraries that libdsnet.so is linked with in place of Android's: the symbols of symbols.txt, and nothing behind them.

python3 android_demo/native/stubs.py ZIG OUT
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path as FilePath

from symbols import DATA, Symbol, read_symbols

TARGET = "aarch64-linux-android26"


def assembler(symbols: list[Symbol]) -> str:
    """Data is as large as a pointer."""
    lines = [".text"]
    for symbol in symbols:
        kind = "object" if symbol.name in DATA else "function"
        lines += [f".globl {symbol.name}", f".type {symbol.name}, @{kind}", f".size {symbol.name}, 8", f"{symbol.name}: .quad 0"]
    return "\n".join([*lines, ""])


def version_script(symbols: list[Symbol]) -> str:
    return "LIBC { global: " + " ".join(f"{symbol.name};" for symbol in symbols) + " };\n"


def make_stubs(zig: FilePath, out: FilePath) -> None:
    out.mkdir(parents=True, exist_ok=True)
    symbols = read_symbols()
    for library in sorted({symbol.library for symbol in symbols}):
        own = [symbol for symbol in symbols if symbol.library == library]
        source, script, built = out / f"{library}.s", out / f"{library}.map", out / f"{library}.o"
        source.write_text(assembler(own))
        script.write_text(version_script(own))
        versions = [f"--version-script={script}"] if own[0].version else []
        subprocess.run([zig, "clang", f"--target={TARGET}", "-c", str(source), "-o", str(built)], check=True)
        link = ["-shared", "-soname", f"{library}.so", *versions, str(built), "-o", str(out / f"{library}.so")]
        subprocess.run([zig, "ld.lld", *link], check=True)


if __name__ == "__main__":
    make_stubs(FilePath(sys.argv[1]), FilePath(sys.argv[2]))
