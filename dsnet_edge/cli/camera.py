"""`dsnet-edge camera`: what a camera sees, classified as it comes."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path as FilePath
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import DsnetError, PathError
from dsnet_edge.signals import SIGNALS

if TYPE_CHECKING:
    from rich.console import Console

    from dsnet_edge.camera.health import HealthWatch
    from dsnet_edge.camera.source import Feed
    from dsnet_edge.camera.values import Live
    from dsnet_edge.camera.web import Site
    from dsnet_edge.profile.costs import Unit

_HOST, _PORT = "127.0.0.1", 8000


def camera(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    source: Annotated[
        str, typer.Option(help="auto, picamera, 0 for /dev/video0, rtsp://..., gst:PIPELINE, a video or a folder of photos.")
    ] = "auto",
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT that a camera is asked for.")] = "640x480",
    rotate: Annotated[int, typer.Option(help="Degrees clockwise, for a camera that hangs on its side: 90, 180, 270.")] = 0,
    every_frame: Annotated[
        bool, typer.Option("--every-frame", help="Classify every frame of a video or folder, however long it takes.")
    ] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin a video or folder anew at its end.")] = False,
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many classified frames.")] = None,
    backend: Annotated[str, typer.Option(help="sliced, executorch, litert, onnxruntime, ncnn or numpy.")] = "sliced",
    threads: Annotated[int | None, typer.Option(min=1, help="As many as there are big cores, unless given.")] = None,
    path: Annotated[str, typer.Option(help="A path index, or auto: the gate decides.")] = "auto",
    budget: Annotated[
        float | None, typer.Option(min=0, max=1, help="What frames may cost on average: 0 the slimmest path, 1 the widest.")
    ] = None,
    profile: Annotated[
        FilePath | None, typer.Option(help="What the paths cost on this device; else multiply-adds say it.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Of the profile's costs: ms or mj.")] = "ms",
    thermal: Annotated[bool, typer.Option("--thermal", help="Lower the budget while this device is hot or held back.")] = False,
    energy: Annotated[str, typer.Option(help="auto, none, the name of a meter, or csv:FILE of one in the supply.")] = "auto",
    web: Annotated[bool, typer.Option("--web", help=f"Serve a page to watch it on, at {_HOST}:{_PORT}.")] = False,
    listen: Annotated[str, typer.Option(help="HOST:PORT to serve that page at, such as 0.0.0.0:8000.")] = "",
    token: Annotated[
        str | None, typer.Option(envvar="DSNET_EDGE_TOKEN", help="That viewers need; on other addresses made unless given.")
    ] = None,
    json_lines: Annotated[str, typer.Option(help="A file to add a line of JSON to for every frame; - prints them.")] = "",
    headless: Annotated[bool, typer.Option("--headless", help="No window, even where there is a display.")] = False,
) -> None:
    """Classify what a camera sees: in a window, on a page, or as lines of JSON. Ctrl-C ends it, and a table says how it went."""
    from rich.console import Console

    from dsnet_edge import _native
    from dsnet_edge.camera.capture import Capture
    from dsnet_edge.camera.loop import Loop
    from dsnet_edge.camera.record import Log
    from dsnet_edge.camera.settings import Choices, prices_of, usable_backends
    from dsnet_edge.camera.status import show_status
    from dsnet_edge.camera.summary import Summary
    from dsnet_edge.camera.values import Result, Settings
    from dsnet_edge.camera.window import has_display, show_window
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.thermal import Governor

    opened = open_bundle(bundle)
    choices = Choices(opened, usable_backends(opened), prices_of(opened, profile, _unit(unit)), thermal)
    settings = Settings(backend, threads or len(_native.big_cores()), budget, _path(path))
    choices.check(settings)
    feed = _feed(source, size, rotate, every_frame)
    console, summary = Console(stderr=True, highlight=False), Summary()
    try:
        with ExitStack() as stack:
            stopping = stack.enter_context(_stopped_by_signals())
            log = stack.enter_context(Log(json_lines)) if json_lines else None

            def each(result: Result, led_by: Settings) -> None:
                summary.add(result)
                if log and not log.write(result, led_by):
                    stopping.set()

            health = stack.enter_context(_health(energy, thermal, console))
            capture = stack.enter_context(Capture(feed, every_frame, loop))
            governor = Governor() if thermal else None
            live = stack.enter_context(Loop(choices, settings, capture, health, governor, frames, each)).live
            if web or listen:
                site = stack.enter_context(_serve(live, listen or f"{_HOST}:{_PORT}", token))
                console.print(f"watch it at {site.address}; Ctrl-C ends it", soft_wrap=True, markup=False)
            if has_display() and not (web or listen or log or headless):
                show_window(live, stopping)
            else:
                show_status(live, console, stopping, quiet=json_lines == "-")
    finally:
        if summary.frames:
            console.print(summary.table(capture.given))


def _feed(source: str, size: str, rotate: int, every_frame: bool) -> Feed:
    from dsnet_edge.camera.source import Size
    from dsnet_edge.camera.sources.choose import choose_feed, turned

    found = re.fullmatch(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", size)
    if not found:
        raise DsnetError(f"--size takes WIDTHxHEIGHT such as 640x480, found {size[:40]!r}")
    if rotate not in (0, 90, 180, 270):
        raise DsnetError(f"--rotate takes 0, 90, 180 or 270, found {rotate}")
    feed = choose_feed(source, Size(int(found[1]), int(found[2])), paced=not every_frame)
    if every_frame and feed.lasting:
        raise DsnetError(f"--every-frame: {feed.name} does not wait; it is for videos and folders, leave it out")
    return turned(feed, rotate)


def _health(energy: str, thermal: bool, console: Console) -> HealthWatch:
    from dsnet_edge.camera.health import HealthWatch
    from dsnet_edge.devices.tree import FileTree
    from dsnet_edge.energy.errors import NoMeterError
    from dsnet_edge.energy.find import find_meter
    from dsnet_edge.profiling.conditions import read_conditions

    tree = FileTree()
    try:
        meter = find_meter(tree, energy)
    except NoMeterError:
        if energy != "auto":
            raise
        meter = None
    if thermal and not read_conditions(tree).celsius:
        console.print(
            "this device tells no temperature: its budget is lowered only while it says that it is held back", soft_wrap=True
        )
    return HealthWatch(tree, meter)


def _serve(live: Live, place: str, token: str | None) -> AbstractContextManager[Site]:
    from dsnet_edge.camera.web import serve

    host, _, port = place.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port):
        raise DsnetError(f"--listen takes HOST:PORT such as 0.0.0.0:8000, found {place[:60]!r}")
    return serve(live, host.strip("[]"), int(port), token)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Ctrl-C and its like end the run as its end does; a second one ends it at once."""
    stopping = threading.Event()
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    for number, handler in previous.items():
        if handler is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, stop)
    try:
        yield stopping
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _unit(text: str) -> Unit:
    from dsnet_edge.profile.costs import UNITS

    for unit in UNITS:
        if unit == text:
            return unit
    raise DsnetError(f"--unit takes ms or mj, found {text[:40]!r}")


def _path(text: str) -> int | None:
    if text == "auto":
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise PathError(f"--path takes a path index or auto, found {text[:40]!r}")
    return int(text)
