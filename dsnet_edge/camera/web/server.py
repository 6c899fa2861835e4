"""Serving the page in a thread of its own.

Uvicorn with Starlette: both plain Python, wheels for every machine, long kept and widely used; websockets does the protocol.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dsnet_edge.camera.values import Live
from dsnet_edge.camera.web.address import is_loopback, listen, own_names, url
from dsnet_edge.camera.web.guard import Guard
from dsnet_edge.camera.web.requests import MESSAGE_BYTES
from dsnet_edge.errors import DsnetError, require

_HEADER_BYTES = 16 << 10
_GOODBYE_S = 2  # for viewers to be told, when the program ends


@dataclass(frozen=True)
class Site:
    address: str  # to open, with the token in it where there is one


@contextmanager
def serve(live: Live, host: str = "127.0.0.1", port: int = 8000, token: str | None = None) -> Iterator[Site]:
    """The page of `live` at `host`, until the block ends. `port` 0 is any free one.

    On an address that others can reach there is always a token: a new one where none is given. On the loopback address
    none is needed. Raises DsnetError where it cannot listen there, and MissingExtraError without the extra `camera`.
    """
    for module in ("uvicorn", "starlette", "websockets"):
        require(module, "camera")
    if token is not None and not re.fullmatch(r"[\w-]{16,200}", token, re.ASCII):
        raise DsnetError("a token must be 16 to 200 letters, digits, - and _; leave it out to get a good one")
    import uvicorn

    from dsnet_edge.camera.web.app import application
    from dsnet_edge.camera.web.connections import HttpConnection, SocketConnection

    with listen(host, port) as listening:
        if token is None and not is_loopback(listening):
            token = secrets.token_urlsafe(24)
        guard = Guard(own_names(host), token, f"dsnet-edge-{listening.getsockname()[1]}")
        config = uvicorn.Config(
            application(live, guard),
            loop="asyncio",
            http=HttpConnection,
            ws=SocketConnection,
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,  # pictures are compressed, and a bomb need not be unpacked
            h11_max_incomplete_event_size=_HEADER_BYTES,
            lifespan="off",
            log_config=None,
            log_level="critical",  # what strangers send is no news
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GOODBYE_S,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), name="web", daemon=True)
        thread.start()
        try:
            yield Site(url(listening, token))
        finally:
            server.should_exit = True
            thread.join()
