"""The newest frame as viewers get it: encoded once, however many watch, and only while somebody does."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from dsnet_edge.camera.values import Live, Result, State
from dsnet_edge.camera.web.answers import as_text, result_record, state_record, with_picture

LONGEST = 960  # pixels of a picture's longer side
QUALITY = 80  # of JPEG, which is encoded about ten times faster than WebP
_REST_S = 0.02  # after a picture, so that a loop far faster than the eye is not encoded frame by frame
_NEWS_S = 0.25  # after which an answer has no picture


@dataclass(frozen=True, eq=False)
class Shot:
    result: Result | None
    state: State
    picture: bytes
    whole: bytes  # the message with the picture
    brief: bytes  # and for those who have the picture already

    @property
    def number(self) -> int:
        return self.result.frame.number if self.result else -1

    def after(self, number: int) -> bytes:
        return self.whole if self.number > number else self.brief


class Shots:
    """One after the other, for all viewers of an event loop."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._last: Shot | None = None
        self._due = 0.0

    async def take(self) -> Shot:
        """With a newer frame than the last one, or, when none came for a quarter of a second, without."""
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(self._due - clock())
        self._last = await asyncio.to_thread(take, self._live, self._last)
        self._due = clock() + (_NEWS_S if self._last.state.ended else _REST_S)  # at the end nothing is waited for
        return self._last


def take(live: Live, last: Shot | None) -> Shot:
    """Waits for news; the last shot where there is none."""
    result = live.wait(last.number if last else -1, _NEWS_S) or live.result
    state = live.state
    if last and result is last.result and state == last.state:
        return last
    picture = b"" if result is None else last.picture if last and result is last.result else jpeg(result.frame.pixels)
    told = state_record(state)
    whole = with_picture(as_text(state=told, result=result and result_record(result)), picture)
    return Shot(result, state, picture, whole, with_picture(as_text(state=told), b""))


def jpeg(pixels: np.ndarray) -> bytes:
    """Of a frame `[h, w, 3]`, reduced by a whole number until it is small enough."""
    image = Image.fromarray(pixels)
    factor = -(-max(image.size) // LONGEST)
    written = io.BytesIO()
    (image.reduce(factor) if factor > 1 else image).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
