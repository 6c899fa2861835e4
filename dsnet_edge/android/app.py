"""The app on a phone: is it there, may adb look into it, and what runs as it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dsnet_edge.devices.address import open_device
from dsnet_edge.devices.device import DeviceError, Finished
from dsnet_edge.devices.printable import last_line
from dsnet_edge.devices.shell import ShellDevice

PACKAGE = "dev.dsnet.demo"
MAIN, BENCHMARK = "dev.dsnet.app.MainActivity", "dev.dsnet.app.benchmark.BenchmarkActivity"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of a bundle there, and of a run
LEAST_SDK = 26  # Android 8
QUESTION_S = 30.0


def open_phone(text: str) -> ShellDevice:
    """What `--device adb[:SERIAL]` names, not yet connected to."""
    if text.partition(":")[0] != "adb":
        raise DeviceError(f"--device {text!r}: expected adb[:SERIAL], for the app is on a phone")
    return open_device(text)


@dataclass(frozen=True)
class App:
    """An installed app that adb may look into."""

    device: ShellDevice

    def run(self, script: str, *arguments: str, timeout_s: float = QUESTION_S) -> Finished:
        """A script of sh as the app's user, in its data folder, where `files` are its files."""
        return self.device.run(["run-as", PACKAGE, "sh", "-c", script, "sh", *arguments], timeout_s)

    def start(self, activity: str, extras: Mapping[str, str]) -> None:
        """Anew: what runs of the app is ended first. DeviceError if the system does not start it."""
        texts = [word for name, value in extras.items() for word in ("--es", name, value)]
        finished = self.device.run(["am", "start", "-S", "-n", f"{PACKAGE}/{activity}", *texts], QUESTION_S)
        said = finished.stdout.decode(errors="replace") + finished.stderr
        refusal = next((line for line in said.splitlines() if re.match(r"\s*(Error|Exception|java\.)", line)), "")
        if finished.exit_code or refusal:
            raise DeviceError(
                f"{self.device.name}: the app does not start: {last_line(refusal) or last_line(said)}; "
                "install it again with: dsnet-edge android install"
            )

    def stop(self) -> None:
        self.device.run(["am", "force-stop", PACKAGE], QUESTION_S)

    def runs(self) -> bool:
        return self.device.run(["pidof", PACKAGE], QUESTION_S).exit_code == 0


def sdk_of(device: ShellDevice) -> int:
    """Android's API level. DeviceError where it is too old for the app, or there is none."""
    said = device.tree.command(("getprop", "ro.build.version.sdk")) or ""
    if not re.fullmatch(r"[0-9]{1,4}", said.strip()):
        raise DeviceError(f"{device.name}: does not say which Android it has; the app needs Android 8 or later")
    sdk = int(said)
    if sdk < LEAST_SDK:
        release = last_line(device.tree.command(("getprop", "ro.build.version.release")) or "?")
        raise DeviceError(f"{device.name}: has Android {release} (API {sdk}); the app needs Android 8 (API {LEAST_SDK}) or later")
    return sdk


def installed_app(device: ShellDevice) -> App:
    """DeviceError that says what to do where there is none, or none that adb may look into."""
    sdk_of(device)
    finished = device.run(["run-as", PACKAGE, "true"], QUESTION_S)
    said = last_line(finished.stderr) or last_line(finished.stdout.decode(errors="replace"))
    if finished.exit_code == 0:
        return App(device)
    if "unknown" in said:
        raise DeviceError(f"{device.name}: the app is not installed; install it with: dsnet-edge android install")
    if "not debuggable" in said:
        raise DeviceError(
            f"{device.name}: the app there is a release build, which adb may not look into; remove it with: adb uninstall "
            f"{PACKAGE}, then: dsnet-edge android install"
        )
    raise DeviceError(f"{device.name}: adb may not look into the app: {said or 'run-as gives no reason'}")
