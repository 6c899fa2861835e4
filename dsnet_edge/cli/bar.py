"""A bar that shows how far a long step has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress_bar(what: str, console: Console) -> Iterator[Callable[[float], None]]:
    """Yields what is told the fraction done, 0 to 1; the bar is gone when the block ends."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    shown = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*shown, console=console, transient=True) as bars:
        task = bars.add_task(what, total=1.0)
        yield lambda fraction: bars.update(task, completed=fraction)
