"""How far a conversion is, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# About how long a step takes, in seconds of a fast core: the time left is estimated from these shares.
_SECONDS = {"executorch": 3.0, "litert": 3.0, "onnx2tf": 3.0, "onnx": 0.3, "ncnn": 0.1}


class Progress:
    """A bar on the console, if there is one. Silent where the console is no terminal."""

    def __init__(self, console: Console | None, targets: Sequence[str], merged: Sequence[str], n_stages: int) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        total = sum(_SECONDS[target] * (n_stages + (target in merged)) for target in targets if target in _SECONDS)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._bars = Bars(*columns, console=console, transient=True, disable=console is None, speed_estimate_period=600)
        self._task = self._bars.add_task("", total=total)

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()

    def begin(self, what: str) -> None:
        self._bars.update(self._task, description=what)

    def done(self, job: tuple[str, str]) -> None:
        """A stage of a target, or, unnamed, the merging of all."""
        target, stage = job
        self._bars.update(self._task, advance=_SECONDS[target], description=f"{target} {stage or 'one file'}")
