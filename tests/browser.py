"""A headless Chromium that reaches this machine only, driven over a pipe by the DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers have no user namespaces; the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE_S = 60.0


class Page:
    """One tab. `complaints` are the lines of its console; `requested` every address that it asked for."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing, self._buffer, self._last, self._session = reading, writing, b"", 0, ""
        self.complaints: list[str] = []
        self.requested: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def open(self, place: FilePath | str, width: int, height: int, scheme: str = "light", scripts: bool = True) -> None:
        """A file or an address. `scripts`: whether the page may run any; `evaluate` may always."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._call("Page.navigate", url=place if isinstance(place, str) else place.resolve().as_uri())
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def media(self, name: str) -> None:
        """As if the page were on this medium: print, or on the screen."""
        self._call("Emulation.setEmulatedMedia", media=name)

    def evaluate(self, expression: str) -> Any:
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until the page says so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"never true: {expression}"
            time.sleep(0.05)

    def press(self, key: str, code: int, shift: bool = False) -> None:
        """A key of the keyboard, by its name and its Windows code."""
        stroke = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        text = {"Enter": "\r", " ": " "}.get(key)
        self._call("Input.dispatchKeyEvent", type="keyDown", **stroke, **({"text": text} if text else {}))
        self._call("Input.dispatchKeyEvent", type="keyUp", **stroke)

    def download_to(self, folder: FilePath) -> None:
        self._call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def screenshot(self, file: FilePath, whole: bool = True) -> None:
        """Of the whole page, however long."""
        taken = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(taken["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        number = self._last
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": number, "method": method, "params": parameters} | session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda answer: answer.get("id") == number)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _until(self, wanted: Any) -> dict[str, Any]:
        for message in self._messages():
            if wanted(message):
                return message
        raise AssertionError("the browser ended")

    def _messages(self) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(text)
                self._note(message)
                yield message
            ready, _, _ = select.select([self._reading], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"the browser said nothing for {_PATIENCE_S} s"
            read = os.read(self._reading, 1 << 20)
            if not read:
                return
            self._buffer += read

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(parameters["args"]))
        elif method == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])


@contextmanager
def browser(folder: FilePath) -> Iterator[Page]:
    """`folder` holds what the browser keeps."""
    reading, to_browser = os.pipe()
    from_browser, writing = os.pipe()
    commands, events = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (reading, writing))
    # The protocol is on descriptors 3 and 4; bash puts it there, from beyond 9, where neither is in the other's way.
    program = ["bash", "-c", f'exec chromium "$@" 3<&{commands} 4>&{events}', "chromium"]
    arguments = [*_FLAGS, f"--user-data-dir={folder / 'chromium'}"]
    running = subprocess.Popen(
        [*program, *arguments], pass_fds=(commands, events), stderr=subprocess.DEVNULL, start_new_session=True
    )
    for end in (reading, writing, commands, events):
        os.close(end)
    try:
        yield Page(from_browser, to_browser)
    finally:
        os.close(to_browser)
        os.close(from_browser)
        running.terminate()
        running.wait(timeout=30)
