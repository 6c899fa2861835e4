"""Stand-ins for Android's libraries on an aarch64 glibc: their names and symbol versions, with glibc's functions behind them.

With them the very libdsnet.so that a phone gets can be loaded by a Java for aarch64 Linux.
"""

from __future__ import annotations

from pathlib import Path as FilePath

from android import run
from stubs import version_script
from symbols import DATA, Symbol, read_symbols

COMPILER = "aarch64-linux-gnu-gcc"
BEHIND = {"libc": "libc.so.6", "libdl": "libc.so.6", "libm": "libm.so.6", "liblog": "libc.so.6"}
# What glibc calls otherwise. Its strerror_r is not the one of POSIX.
GLIBC_NAMES = {"__errno": "__errno_location", "strerror_r": "__xpg_strerror_r"}

# A function of the C library itself cannot be called by its name here: that is this library's own. So each jumps to an address
# that is looked up when the library is loaded, in the library behind.
FUNCTION = """
asm(".globl {name}\\n.type {name}, @function\\n{name}:\\n"
    "adrp x16, at_{name}\\nldr x16, [x16, :lo12:at_{name}]\\nbr x16\\n.size {name}, . - {name}");
__attribute__((visibility("hidden"))) void *at_{name};
"""
LOG = """
#include <unistd.h>
int __android_log_write(int priority, const char *tag, const char *text) {
  size_t length = 0;
  while (text[length]) ++length;
  return (int)write(2, text, length);
}
"""


def source(library: str, symbols: list[Symbol]) -> str:
    functions = [symbol.name for symbol in symbols if symbol.name not in DATA]
    data = [symbol.name for symbol in symbols if symbol.name in DATA]
    lookups = [f'  at_{name} = dlsym(behind, "{GLIBC_NAMES.get(name, name)}");' for name in functions]
    lookups += [f"  if (!at_{name}) __builtin_trap();" for name in functions]
    lookups += [f'  {name} = *(void **)dlsym(behind, "{name}");' for name in data]
    return "\n".join(
        [
            "void *dlopen(const char *, int);",
            "void *dlsym(void *, const char *);",
            *(FUNCTION.format(name=name) for name in functions),
            *(f"void *{name};" for name in data),
            "__attribute__((constructor)) static void look_up(void) {",
            f'  void *behind = dlopen("{BEHIND[library]}", 2);',
            *lookups,
            "}",
        ]
    )


def make_bionic(out: FilePath) -> None:
    """Writes libc.so, libm.so, libdl.so and liblog.so."""
    symbols = read_symbols()
    for library in BEHIND:
        own = [symbol for symbol in symbols if symbol.library == library]
        file, script = out / f"{library}.c", out / f"{library}.map"
        file.write_text(LOG if library == "liblog" else source(library, own))
        script.write_text(version_script(own))
        versions = [f"-Wl,--version-script={script}"] if own[0].version else []
        name = f"{library}.so"
        options = ["-shared", "-fPIC", "-O1", "-fno-builtin", "-nostartfiles", f"-Wl,-soname,{name}", *versions]
        run(COMPILER, *options, file, "-o", out / name)
