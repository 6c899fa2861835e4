"""Viewers that mean no good, that are too many, too slow or silent: each ends alone."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path as FilePath
from urllib.parse import urlsplit

import pytest
from camera_live import wait_for
from camera_viewer import get, viewer, watch
from websockets.exceptions import ConnectionClosed

from dsnet_edge.camera.web import Site, connections, serve
from dsnet_edge.camera.web import viewer as viewers
from dsnet_edge.camera.web.app import VIEWERS
from dsnet_edge.camera.web.viewer import Pace

VIEWERS_COMMAND = FilePath(__file__).parents[1] / "benchmarks/camera_viewers.py"

pytestmark = pytest.mark.usefixtures("no_defects")


def dialled(site: Site, sent: bytes = b"") -> socket.socket:
    parts = urlsplit(site.address)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
    connection.sendall(sent)
    return connection


def handshake(site: Site) -> bytes:
    host = urlsplit(site.address).netloc
    return (
        f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def client_frame(opcode: int, payload: bytes, first_bits: int = 0x80) -> bytes:
    """Masked with zeros, as RFC 6455 wants it of clients."""
    length = struct.pack(">BB", first_bits | opcode, 0x80 | len(payload)) if len(payload) < 126 else b""
    length = length or struct.pack(">BBH", first_bits | opcode, 0x80 | 126, len(payload))
    return length + bytes(4) + payload


def closed_by_the_other_side(connection: socket.socket) -> bool:
    """Reads to the end; the socket's own time-out fails the test."""
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


HOSTILE = {
    "oversized": client_frame(1, b"x" * 2000),
    "reserved bits": client_frame(1, b"{}", 0xF0),
    "no such opcode": client_frame(5, b""),
    "not masked": b"\x81\x02{}",
    "not UTF-8": client_frame(1, b"\xff\xfe"),
    "a ping in pieces": client_frame(9, b"", 0x00),
    "a piece of nothing": client_frame(0, b"x"),
    "endless pieces": client_frame(1, b"x", 0x00) + client_frame(0, b"x" * 1000, 0x00) * 2,
    "a length of 2^63": b"\x81\xff" + b"\xff" * 8 + bytes(4),
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_malformed_frame_ends_its_own_connection_only(site, sent):
    with viewer(site.address) as neighbour, dialled(site, handshake(site)) as bad:
        number = watch(neighbour)[0]["result"]["number"]
        assert bad.recv(12) == b"HTTP/1.1 101"
        bad.sendall(sent)
        assert closed_by_the_other_side(bad)
        assert watch(neighbour, number)[0]["result"]["number"] > number


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"GET /" + b"a" * 20000, b"GET / HTTP/1.1\r\nA: " + b"b" * 20000]
)
def test_a_malformed_request_ends_its_own_connection_only(site, sent):
    with dialled(site, sent) as bad:
        assert closed_by_the_other_side(bad)
    assert get(site)[0] == 200


def test_whoever_sends_no_request_is_dropped(live, monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_S", 0.2)
    with serve(live, port=0) as site, dialled(site, b"GET / HTTP/1.1\r\nHost: ") as slow:
        assert closed_by_the_other_side(slow)


def test_there_are_only_so_many_connections(live, monkeypatch):
    monkeypatch.setattr(connections, "CONNECTIONS", 3)
    with serve(live, port=0) as site, dialled(site), dialled(site), dialled(site), dialled(site) as one_too_many:
        assert closed_by_the_other_side(one_too_many)


def test_there_are_only_so_many_viewers(site):
    with ExitStack() as stack:
        for _ in range(VIEWERS):
            watch(stack.enter_context(viewer(site.address)))
        with viewer(site.address) as late, pytest.raises(ConnectionClosed, match=f"{VIEWERS} are watching"):
            late.recv(timeout=20)
    with viewer(site.address) as later:
        watch(later)


def test_a_viewer_that_asks_for_nothing_is_dropped(live, monkeypatch):
    monkeypatch.setattr(viewers, "SILENCE_S", 0.2)
    with serve(live, port=0) as site, viewer(site.address) as silent, pytest.raises(ConnectionClosed, match="nothing was asked"):
        silent.recv(timeout=20)


@pytest.mark.parametrize("flood", [client_frame(1, b'{"next": -1}'), client_frame(9, b"x" * 125)], ids=["requests", "pings"])
def test_a_viewer_that_reads_nothing_is_dropped(live, monkeypatch, flood):
    monkeypatch.setattr(connections, "STALLED_S", 0.5)
    monkeypatch.setattr(viewers, "PER_S", 1e6)
    with serve(live, port=0) as site, viewer(site.address) as neighbour, dialled(site, handshake(site)) as stalled:
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 64 << 20:
                stalled.sendall(flood * 100)
                sent += len(flood) * 100
        watch(neighbour)


def test_a_flood_of_requests_is_slowed():
    now = itertools.count()
    pace = Pace(10, 5, lambda: next(now) / 1000)  # a message a millisecond
    waits = [pace.wait_s() for _ in range(105)]
    assert waits[:5] == [0] * 5 and min(waits[6:]) > 0
    assert waits[-1] == pytest.approx(100 / 10 - 0.105, abs=0.2)


def test_leaving_ends_every_connection_and_thread(live):
    before = set(threading.enumerate())
    with ExitStack() as stack:
        with serve(live, port=0) as site:
            socket = stack.enter_context(viewer(site.address))
            watch(socket)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)
    wait_for(
        lambda: not [thread for thread in set(threading.enumerate()) - before if "web" in thread.name or "asyncio" in thread.name]
    )


def test_twenty_viewers_do_not_slow_the_loop_and_fill_no_memory(camera_bundle):
    """Briefly, and with a wide margin for a busy machine: the command itself measures for longer."""
    command = [sys.executable, str(VIEWERS_COMMAND), str(camera_bundle), "--rounds", "3", "--seconds", "1", "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    assert found["ratio"] > 0.75
    assert min(row["seen"] for row in found["rounds"]) > 1  # frames a second, by the median viewer
    first, *_, last = (row["resident_mb"] for row in found["rounds"])
    assert last - first < 15
