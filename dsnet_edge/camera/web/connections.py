"""Uvicorn's connections with the limits that it leaves out: how many there are, how long one may say nothing or read nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CONNECTIONS = 96  # viewers, and what a browser opens beside to fetch the page
REQUEST_S = 10.0  # for a whole request
STALLED_S = 15.0  # for what was sent to a viewer to leave this machine


class HttpConnection(H11Protocol):
    """Closed at once when there are too many, and when no whole request came in time."""

    _overdue: asyncio.TimerHandle | None = None
    _seen: object = None  # the request that there was when it was last looked at

    def connection_made(self, transport: Any) -> None:
        if len(self.connections) >= CONNECTIONS:
            transport.abort()
        super().connection_made(transport)
        self._overdue = self.loop.call_later(REQUEST_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._forget()  # from here on it is a SocketConnection's
        super().handle_websocket_upgrade(event)

    def _forget(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _look(self) -> None:
        if self.cycle is self._seen:
            self.transport.abort()
            return
        self._seen = self.cycle
        self._overdue = self.loop.call_later(REQUEST_S, self._look)


class SocketConnection(WebSocketsSansIOProtocol):
    """Holds at most one message that the viewer does not read, and that not for long."""

    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        transport.set_write_buffer_limits(high=0)  # so that a message is sent only when the one before it has left
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._forget()
        super().resume_writing()

    def handle_ping(self) -> None:
        """Each is answered, so a viewer that sends many and reads nothing would fill our memory."""
        if not self.writable.is_set():
            self.transport.abort()
        else:
            super().handle_ping()

    def _forget(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
