"""One viewer: asks, is answered, asks again. Nothing is sent unasked, so a slow viewer misses frames and holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.websockets import WebSocket

from dsnet_edge.camera.values import Live
from dsnet_edge.camera.web.answers import as_text, extremes_record, state_record
from dsnet_edge.camera.web.requests import Change, Next, Request, RequestError, read_request
from dsnet_edge.camera.web.shots import Shots
from dsnet_edge.camera.web.together import Together
from dsnet_edge.errors import DsnetError

SILENCE_S = 30.0  # a page that is alive asks several times a second
PER_S, BURST = 100.0, 50.0  # messages of a viewer
_COMPARE_S = 2.0
_POLICY, _LATER = 1008, 1013  # close codes, RFC 6455 and its registry


class Hall:
    """Where all viewers are. What any of them waits for takes one thread, so that many who ask hold up nobody."""

    def __init__(self, live: Live, seats: int) -> None:
        self._live, self._seats, self._taken = live, seats, 0
        self._shot = Together(Shots(live).take)
        self._extremes = Together(lambda: asyncio.to_thread(live.extremes, _COMPARE_S))

    async def welcome(self, socket: WebSocket) -> None:
        """Until the viewer leaves, or is dropped. WebSocketDisconnect or OSError where it left without a word."""
        await socket.accept()
        if self._taken >= self._seats:
            await socket.close(_LATER, f"{self._seats} are watching already")
            return
        self._taken += 1
        try:
            await self._converse(socket)
        except TimeoutError:
            await socket.close(_POLICY, f"nothing was asked for {SILENCE_S:g} s")
        finally:
            self._taken -= 1

    async def _converse(self, socket: WebSocket) -> None:
        pace = Pace(PER_S, BURST, asyncio.get_running_loop().time)
        while True:
            async with asyncio.timeout(SILENCE_S):
                message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await asyncio.sleep(pace.wait_s())
            try:
                if message.get("text") is None:
                    raise RequestError("a message must be text; reload the page")
                answer = await self._answer(read_request(message["text"]))
            except DsnetError as error:
                answer = as_text(error=str(error))
            await (socket.send_text(answer) if isinstance(answer, str) else socket.send_bytes(answer))

    async def _answer(self, request: Request) -> str | bytes:
        if isinstance(request, Next):
            shot = await self._shot()
            if shot.state != self._live.state:  # it was begun for another viewer, before this one changed something
                shot = await self._shot()
            return shot.after(request.after)
        if isinstance(request, Change):
            return as_text(state=state_record(await asyncio.to_thread(self._live.change, request)))
        extremes = await self._extremes()
        if extremes is None:
            raise DsnetError(f"no frame was compared within {_COMPARE_S:g} s; try again while frames come in")
        return as_text(extremes=extremes_record(extremes))


class Pace:
    """How long each message must wait so that there are at most `per_s` of them, and `burst` at once."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float]) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._left, self._at = burst, clock()

    def wait_s(self) -> float:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s) - 1
        self._at = now
        return max(0.0, -self._left / self._per_s)
