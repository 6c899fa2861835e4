"""A window of the desktop that shows the frames; Tk, as the wheels of OpenCV for boards have no window."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PIL import Image

from dsnet_edge.camera.status import status_text
from dsnet_edge.camera.values import Live, Settings
from dsnet_edge.errors import DsnetError

if TYPE_CHECKING:
    import tkinter

_EVERY_MS = 33
_LARGEST = (1280, 800)
_STEP = 0.1  # of the budget, by an arrow key
_HELP = "up, down: budget   g: the gate as it was trained   space: pause   q: quit"


def has_display() -> bool:
    """Whether there is a desktop, and a Python that can draw on it."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    return importlib.util.find_spec("_tkinter") is not None  # Debian has it in a package of its own


def show_window(live: Live, stopping: threading.Event) -> None:
    """Until it is closed, the program ends, or `stopping` is set. In the main thread, as Tk wants it."""
    import tkinter

    try:
        root = tkinter.Tk()
    except tkinter.TclError as error:
        raise DsnetError(f"no window can be opened ({error}); use --headless, or --web") from error
    _Window(root, live, stopping).update()
    root.mainloop()


class _Window:
    def __init__(self, root: tkinter.Tk, live: Live, stopping: threading.Event) -> None:
        import tkinter

        self._root, self._live, self._stopping = root, live, stopping
        self._number = -1  # of the frame that is shown
        root.title("dsnet-edge camera")
        self._picture, self._text = tkinter.Label(root), tkinter.Label(root, anchor="w", font="TkFixedFont")
        self._picture.pack(expand=True, fill="both")
        self._text.pack(fill="x")
        tkinter.Label(root, text=_HELP, anchor="w", fg="gray30").pack(fill="x")
        for key, change in KEYS.items():
            root.bind(key, partial(self._press, change))
        for key in ("q", "<Escape>"):
            root.bind(key, lambda event: root.destroy())

    def update(self) -> None:
        from PIL import ImageTk

        state, result = self._live.state, self._live.result
        if state.ended or self._stopping.is_set():
            self._root.destroy()
            return
        self._text.configure(text=status_text(state, result))
        if result is not None and result.frame.number != self._number:
            image = Image.fromarray(result.frame.pixels)
            image.thumbnail(_LARGEST)
            self._shown = ImageTk.PhotoImage(image, master=self._root)  # kept, as Tk itself does not hold it
            self._picture.configure(image=self._shown)
            self._number = result.frame.number
        self._root.after(_EVERY_MS, self.update)

    def _press(self, change: Callable[[Settings], Settings], event: object) -> None:
        with suppress(DsnetError):  # what cannot be had changes nothing
            self._live.change(change)


def _moved(step: float, settings: Settings) -> Settings:
    """From the gate as it was trained, up begins near the slimmest path and down near the widest."""
    budget = settings.budget if settings.budget is not None else float(step < 0)
    return replace(settings, budget=min(1.0, max(0.0, round(budget + step, 6))))


KEYS: dict[str, Callable[[Settings], Settings]] = {
    "<Up>": partial(_moved, _STEP),
    "<Down>": partial(_moved, -_STEP),
    "g": lambda settings: replace(settings, budget=None),
    "<space>": lambda settings: replace(settings, paused=not settings.paused),
}
