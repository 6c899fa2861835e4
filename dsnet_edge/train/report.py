"""What a run tells: a progress bar on a terminal, a line now and then in a log file, and scalars for TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
_QUIET_SECONDS = 60.0  # between two lines of progress in a log file


class Reporter:
    """Silent where `enabled` is false: one process of a group reports."""

    def __init__(self, enabled: bool = True, log_folder: FilePath | None = None) -> None:
        self.enabled = enabled
        self.console = Console(quiet=not enabled)
        self._writer = None
        if enabled and log_folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(log_folder))

    def line(self, text: str) -> None:
        self.console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False, markup=False, soft_wrap=True)

    def scalars(self, step: int, **values: float) -> None:
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name.replace("__", "/"), value, step)

    def track(self, items: Iterable[T], total: int, what: str) -> Iterator[T]:
        """The items, while telling how many are done."""
        if not self.enabled:
            yield from items
        elif self.console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=self.console, transient=True) as progress:
                yield from progress.track(items, total=total, description=what)
        else:
            last = time.monotonic()
            for done, item in enumerate(items):
                if time.monotonic() - last > _QUIET_SECONDS:
                    last = time.monotonic()
                    self.line(f"{what}: {done}/{total}")
                yield item

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
