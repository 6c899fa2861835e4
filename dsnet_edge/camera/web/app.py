"""The application: the files of the page, and the websocket that it watches by."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dsnet_edge.camera.values import Live
from dsnet_edge.camera.web.guard import Guard, Guarded
from dsnet_edge.camera.web.viewer import Hall

VIEWERS = 32
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def application(live: Live, guard: Guard) -> Any:
    """Of ASGI. Only files that were there when it started are served, from memory, so no path leads anywhere else."""
    pages = {f"/{file.name}": file.read_bytes() for file in files(__package__).joinpath("page").iterdir() if file.is_file()}
    pages["/"] = pages.pop("/index.html")
    hall = Hall(live, VIEWERS)

    async def page(request: Request) -> Response:
        path = request.url.path
        if path not in pages:
            raise HTTPException(404)
        kind = "html" if path == "/" else path.rpartition(".")[2]
        return Response(pages[path], media_type=_TYPES[kind])

    async def watch(socket: WebSocket) -> None:
        try:
            await hall.welcome(socket)
        except (WebSocketDisconnect, OSError):
            pass
        except Exception:  # a defect of ours, which uvicorn was told to keep to itself
            logging.getLogger(__name__).exception("a viewer was lost")
            raise

    return Guarded(Starlette(routes=[WebSocketRoute("/live", watch), Route("/{name:path}", page)]), guard)
