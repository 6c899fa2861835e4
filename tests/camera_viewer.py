"""A viewer of the page's websocket that is not a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from websockets.sync.client import ClientConnection, connect


@contextmanager
def viewer(address: str, **options: Any) -> Iterator[ClientConnection]:
    """`address` as `serve` gives it; a token in its query is sent along."""
    base, _, query = address.partition("?")
    url = f"{base.replace('http', 'ws', 1)}live" + (f"?{query}" if query else "")
    with connect(url, **{"origin": base.rstrip("/"), "proxy": None, "compression": None} | options) as socket:
        yield socket


def ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    """What is answered in words."""
    socket.send(json.dumps(message))
    answer = socket.recv(timeout=20)
    return dict(json.loads(answer)) if isinstance(answer, str) else unpack(answer)[0]


def watch(socket: ClientConnection, after: int = -1) -> tuple[dict[str, Any], np.ndarray]:
    """The next frame: what is told of it, and its pixels."""
    while True:
        socket.send(json.dumps({"next": after}))
        answer = socket.recv(timeout=20)
        assert isinstance(answer, bytes)
        told, jpeg = unpack(answer)
        if jpeg:
            return told, np.asarray(Image.open(BytesIO(jpeg)))


def unpack(answer: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(answer[:4], "big")
    return json.loads(answer[4 : 4 + length]), answer[4 + length :]
