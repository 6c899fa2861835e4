"""An APK, from a file here to an installed app."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path as FilePath

from dsnet_edge.android.app import PACKAGE, App, installed_app, sdk_of
from dsnet_edge.devices.device import DeviceError
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.shell import ShellDevice

BUILT = FilePath(__file__).resolve().parents[2] / "build" / "android" / "dsnet-edge.apk"  # by `make android`
_INSTALLING_S = 300.0
_PARTS = ("AndroidManifest.xml", "classes.dex")

_REASONS = {
    "UPDATE_INCOMPATIBLE": f"the one there is signed with another key; remove it with: adb uninstall {PACKAGE}",
    "VERSION_DOWNGRADE": f"the one there is newer; remove it with: adb uninstall {PACKAGE}",
    "INSUFFICIENT_STORAGE": "the phone is full; free some space",
    "NO_MATCHING_ABIS": "its processor runs no 64-bit ARM programs, which is all that this APK has",
    "OLDER_SDK": "its Android is too old; the app needs Android 8 or later",
    "USER_RESTRICTED": "the phone does not allow it; turn on 'Install via USB' in its developer options, and confirm there",
    "VERIFICATION_FAILURE": "Play Protect refused it; confirm it on the phone's screen and try again",
}


def find_apk(given: FilePath | None) -> FilePath:
    """`given`, else the checkout's. DeviceError if there is none, or it is no APK."""
    file = given or BUILT
    if not file.is_file():
        raise DeviceError(f"{file} is missing; build it with: make android, or give another with --apk")
    try:
        with zipfile.ZipFile(file) as archive:
            missing = [part for part in _PARTS if part not in archive.namelist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DeviceError(f"{file} is no APK ({error}); build one with: make android") from error
    if missing:
        raise DeviceError(f"{file} is no APK (it has no {missing[0]}); build one with: make android")
    return file


def install_apk(device: ShellDevice, apk: FilePath, progress: Callable[[float], None] = lambda fraction: None) -> App:
    """What was there is replaced and keeps its data. DeviceError with what the phone says where it refuses."""
    sdk_of(device)
    there = device.push(apk, "app.apk", progress)
    finished = device.run(["pm", "install", "-r", "-t", there], _INSTALLING_S)
    said = f"{finished.stdout.decode(errors='replace')}\n{finished.stderr}"
    if finished.exit_code or not re.search(r"^\s*Success\s*$", said, re.MULTILINE):
        code = re.search(r"INSTALL_[A-Z_]+", said)
        reason = next((text for sign, text in _REASONS.items() if code and sign in code[0]), "")
        shown = " ".join(filter(None, (code[0] if code else last_line(said), reason and f"({reason})")))
        raise DeviceError(f"{device.name}: the phone did not install {apk.name}: {shown or 'it gives no reason'}")
    return installed_app(device)
