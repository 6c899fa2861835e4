"""Work that is done once for all who want it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Called while the work goes on, it waits for that; else it begins anew. For the tasks of one event loop."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work
        self._going_on: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._going_on is None or self._going_on.done():
            self._going_on = asyncio.create_task(self._work())
        return await asyncio.shield(self._going_on)  # one who leaves does not end it for the others
