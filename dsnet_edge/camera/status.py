"""The newest result on one line of a terminal."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dsnet_edge.camera.values import Live, Result, State

if TYPE_CHECKING:
    from rich.console import Console

_EVERY_S = 0.25


def show_status(live: Live, console: Console, stopping: threading.Event, quiet: bool = False) -> None:
    """Until the program ends or `stopping` is set. Where the console is no terminal, only what goes wrong is printed, once."""
    from rich.text import Text

    if quiet or not console.is_terminal:
        told = ""
        while not live.state.ended and not stopping.wait(_EVERY_S):
            if (message := live.state.message.partition(";")[0]) != told and message:
                console.print(message, soft_wrap=True, markup=False)
            told = message
        return
    with console.status("waiting for the first frame", spinner="dots") as line:
        while not live.state.ended and not stopping.wait(_EVERY_S):
            line.update(Text(status_text(live.state, live.result), overflow="ellipsis", no_wrap=True))


def status_text(state: State, result: Result | None) -> str:
    """What is wrong comes first; without it the frame."""
    if state.message:
        return state.message
    if result is None:
        return "waiting for the first frame"
    prediction, rates, health = result.prediction, result.rates, result.health
    parts = [
        f"{prediction.label} {prediction.probability:.0%}",
        f"path {prediction.path}",
        f"{prediction.timing.network_ms:.1f} ms",
        f"{rates.classified:.1f} of {rates.captured:.1f} fps",
        f"{state.settings.backend} x{state.settings.threads}",
    ]
    parts += [f"budget {state.settings.budget:.0%}"] if state.settings.budget is not None else []
    parts += [f"{health.celsius:.0f} °C"] if health.celsius is not None else []
    parts += [f"{health.watts:.2f} W"] if health.watts is not None else []
    parts += [f"hot: {result.share:.0%} of the budget"] if result.share < 1 else []
    return "  ".join(["paused"] * state.settings.paused + parts)
