"""A bundle, from a folder here into the app: checked, copied, checked again there, and only then given its name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from dsnet_edge.android.app import NAME, PACKAGE, QUESTION_S, App
from dsnet_edge.devices.copies import upload_limit_s
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.runtime.bundle import Bundle

FOLDER = "files/bundles"  # in the app's data folder
_PER_FILE_S = 1.0  # to start a process as the app, on a slow phone

# package target folder file...: the shell's files become the app's, which may not read the shell's folder itself.
_COPY = """
package=$1 target=$2 folder=$3
shift 3
run-as "$package" rm -rf "$target" || exit
for file; do
  run-as "$package" mkdir -p "$(dirname "$target/$file")" || exit
  run-as "$package" sh -c 'cat >"$1"' sh "$target/$file" <"$folder/$file" || exit
done
"""

_HASHES = 'cd "$1" && find . -type f -exec sha256sum {} +'

# part name old: puts `part` in the place of `name`; where that fails, what was there stays.
_SWAP = """
part=$1 name=$2 old=$3
rm -rf "$old"
if [ -e "$name" ]; then mv "$name" "$old" || exit; fi
if mv "$part" "$name"; then
  rm -rf "$old"
else
  [ ! -e "$old" ] || mv "$old" "$name"
  exit 1
fi
"""


def install_bundle(app: App, bundle: Bundle, name: str, progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Under `name`, in the place of one that has it. DeviceError, or BundleError of a damaged one: nothing has changed."""
    if not NAME.fullmatch(name):
        raise DeviceError(f"{name!r} is no name for a bundle; give --name up to 64 letters, digits, '.', '_' and '-'")
    hashes = _files(bundle)
    sizes = sum(entry["bytes"] for entry in bundle.manifest["files"].values())
    _check_room(app, bundle, sizes)
    # Hidden, so that the app does not take them for bundles.
    part, target, old = (f"{FOLDER}/{prefix}{name}" for prefix in (".part-", "", ".old-"))
    limit_s = upload_limit_s(sizes) + _PER_FILE_S * len(hashes)
    try:
        source = app.device.push(bundle.folder, "bundle", lambda fraction: progress(0.8 * fraction))
        copied = app.device.run(["sh", "-c", _COPY, "sh", PACKAGE, part, source, *hashes], limit_s)
        if copied.exit_code:
            reason = last_line(copied.stderr) or "no reason given"
            raise DeviceError(f"{app.device.name}: the app could not be given {name}: {reason}")
        _check_arrival(app, part, hashes, limit_s)
        swapped = app.run(_SWAP, part, target, old)
        if swapped.exit_code:
            raise DeviceError(f"{app.device.name}: {name} could not be put in its place: {last_line(swapped.stderr)}")
    finally:
        with suppress(DeviceError):  # a phone that is gone; the next copy removes it
            app.run('rm -rf "$1"', part)
    progress(1.0)


def _files(bundle: Bundle) -> dict[str, str]:
    """SHA-256 by name, of all that the bundle consists of. Every file is checked here."""
    for name in bundle.manifest["files"]:
        bundle.file(name)
    manifest = hashlib.sha256((bundle.folder / "manifest.json").read_bytes()).hexdigest()
    return {"manifest.json": manifest} | {name: entry["sha256"] for name, entry in bundle.manifest["files"].items()}


def _check_room(app: App, bundle: Bundle, needed: int) -> None:
    """It is there twice for a moment. A phone that does not say how much it has is tried."""
    said = app.device.run(["df", "-P", "-k", app.device.folder], QUESTION_S).stdout.decode(errors="replace")
    free = re.search(r" (\d{1,15}) +\d{1,3}%", said)
    if free and int(free[1]) * 1024 < 2 * needed:
        raise DeviceError(
            f"{app.device.name}: no space for {bundle.folder.name}: copying needs {2 * needed / 1e6:.1f} MB for a moment, "
            f"{int(free[1]) * 1.024e-3:.1f} MB are free"
        )


def _check_arrival(app: App, part: str, hashes: Mapping[str, str], limit_s: float) -> None:
    said = app.run(_HASHES, part, timeout_s=limit_s)
    listed = re.findall(r"^([0-9a-f]{64})  \./(.+)$", said.stdout.decode(errors="replace"), re.MULTILINE)
    arrived = {name: digest for digest, name in listed}
    wrong = [name for name, digest in hashes.items() if arrived.get(name) != digest]
    if wrong:
        raise DeviceError(
            f"{app.device.name}: {wrong[0]} did not arrive whole ({len(wrong)} of {len(hashes)} files); "
            f"the phone may be full: {last_line(said.stderr) or 'it gives no reason'}"
        )
