"""The phone of `adbd.py` with what Android has around an app: `pm`, `am`, `run-as`, `pidof`, `dumpsys`.

The app's benchmark is the app's own code: core's protocol on this machine's JVM, with a process for every block.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

import pytest
from adbd import Adbd
from device_side import write_programs
from kotlin import java

from dsnet_edge.android.app import PACKAGE

_ROOT = "#!/bin/sh\nroot=${0%/system/bin/*}\n"

_RUN_AS = """
package=$1
shift
[ -d "$root/data/app/$package" ] || { echo "run-as: unknown package: $package" >&2; exit 1; }
[ -e "$root/data/app/$package/debuggable" ] || { echo "run-as: package not debuggable: $package" >&2; exit 1; }
cd "$root/data/data/$package" && exec "$@"
"""

# install -r -t FILE
_PM = f"""
[ ! -e "$root/data/refusal" ] || {{ cat "$root/data/refusal"; exit 1; }}
mkdir -p "$root/data/app/{PACKAGE}" "$root/data/data/{PACKAGE}"
cp "$4" "$root/data/app/{PACKAGE}/base.apk" && touch "$root/data/app/{PACKAGE}/debuggable" && echo Success
"""

_PIDOF = """
pid=$(cat "$root/data/pid" 2>/dev/null) || exit 1
[ -n "$(tr -d '\\0' <"/proc/$pid/cmdline" 2>/dev/null)" ] && echo "$pid"
"""

# start -S -n PACKAGE/ACTIVITY [--es NAME VALUE]...; force-stop PACKAGE
_AM = f"""
stop() {{
  pid=$(cat "$root/data/pid" 2>/dev/null) && kill -KILL "-$pid" 2>/dev/null
  rm -f "$root/data/pid"
}}
# In a session of its own: what started `am` ends all of its own session.
launch() {{
  setsid sh -c 'echo $$ >"$0.part" && mv "$0.part" "$0" && exec "$@"' "$root/data/pid" "$@" &
  while [ ! -e "$root/data/pid" ]; do sleep 0.02; done
}}
if [ "$1" = force-stop ]; then stop; exit 0; fi
activity=${{4#*/}}
if [ ! -d "$root/data/app/{PACKAGE}" ]; then
  echo "Starting: Intent"
  echo "Error type 3"
  echo "Error: Activity class {{$4}} does not exist."
  exit 0
fi
stop
shift 4
echo "$activity $*" >>"$root/data/started"
files=$root/data/data/{PACKAGE}/files
case $activity in
  *BenchmarkActivity)
    first=yes
    for word; do
      [ -z "$first" ] || set --
      first=
      case $word in
        --es) expected=name ;;
        *) if [ "$expected" = name ]; then name=$word expected=value; else set -- "$@" "$name=$word"; fi ;;
      esac
    done
    . "$root/data/benchmark" ;;
  *) launch sleep 1000 ;;
esac >>"$root/data/log" 2>&1 </dev/null
"""

_DUMPSYS = f"""
[ "$1" != package ] || echo "  versionName=1.2.3
      android.permission.CAMERA: granted=false, flags=[ USER_SENSITIVE_WHEN_GRANTED]"
[ "$2" = {PACKAGE} ]
"""

_GETPROP = """
case $1 in
  ro.product.manufacturer) echo QEMU ;;
  ro.product.model) echo QemuArm64 ;;
  ro.product.cpu.abilist) echo arm64-v8a,armeabi-v7a ;;
  ro.build.version.release) echo 15 ;;
  ro.build.version.sdk) cat "$root/data/sdk" ;;
esac
"""
_GETCONF = '[ "$1" = PAGE_SIZE ] && echo 16384\n'

_PROGRAMS = {
    "run-as": _RUN_AS, "pm": _PM, "pidof": _PIDOF, "am": _AM, "dumpsys": _DUMPSYS, "getprop": _GETPROP, "getconf": _GETCONF
}  # fmt: skip


@dataclass(frozen=True)
class Phone:
    adbd: Adbd

    @property
    def address(self) -> str:
        return self.adbd.address

    def here(self, name: str) -> FilePath:
        return self.adbd.here(f"/data/{name}")

    @property
    def files(self) -> FilePath:
        """Of the app."""
        return self.here(f"data/{PACKAGE}/files")

    @property
    def bundles(self) -> list[str]:
        """Everything in the folder of bundles, hidden things too."""
        return sorted(file.name for file in (self.files / "bundles").iterdir())

    def benchmark_is(self, line: str) -> None:
        """What the benchmark does: a line of sh that launches it, its arguments NAME=VALUE, and $files."""
        self.here("benchmark").write_text(f"{line}\n")

    def benchmark_runs(self, engine: str) -> None:
        """As in the app, with an engine of core's tests."""
        command = shlex.join(("launch", *java(), "dev.dsnet.measure.BenchmarkMain", engine))
        self.benchmark_is(f'{command} "$files/bundles" "$files/benchmarks" "$@"')

    def install(self, bundle: FilePath | None = None) -> None:
        """As if it had been done before."""
        (self.here(f"app/{PACKAGE}")).mkdir(parents=True)
        (self.here(f"app/{PACKAGE}") / "debuggable").touch()
        (self.files / "bundles").mkdir(parents=True)
        if bundle:
            shutil.copytree(bundle, self.files / "bundles/demo")


@pytest.fixture
def phone(adbd: Adbd, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    """Without the app. Whatever runs on it is ended."""
    for name, value in adbd.environment.items():
        monkeypatch.setenv(name, value)
    programs = write_programs(adbd.here("/system/bin"), {name: _ROOT + text for name, text in _PROGRAMS.items()})
    adbd.here("/data/sdk").write_text("35\n")
    found = Phone(adbd)
    yield found
    subprocess.run([programs / "am", "force-stop", PACKAGE], check=True)


def write_apk(file: FilePath) -> FilePath:
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("AndroidManifest.xml", "classes.dex"):
            archive.writestr(name, name)
    return file
