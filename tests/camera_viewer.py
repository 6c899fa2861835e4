"""A viewer of the page that is not a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from websockets.sync.client import ClientConnection, connect

from dsnet_edge.camera.web import Site


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


def get(site: Site, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by their names in lower case, and body."""
    connection = HTTPConnection(urlsplit(site.address).netloc, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
