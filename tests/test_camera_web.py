"""The page's server as a viewer meets it: real sockets, a real network, real photos."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path as FilePath
from urllib.parse import urlsplit

import numpy as np
import pytest
from camera_live import Running, demo_bundle, views
from camera_viewer import ask, unpack, viewer, watch
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dsnet_edge.camera.values import Live
from dsnet_edge.camera.web import Site, connections, serve, shots
from dsnet_edge.camera.web import viewer as viewers
from dsnet_edge.camera.web.app import VIEWERS
from dsnet_edge.camera.web.viewer import Pace
from dsnet_edge.errors import DsnetError, MissingExtraError
from dsnet_edge.runtime import Runner

VIEWERS_COMMAND = FilePath(__file__).parents[1] / "benchmarks/camera_viewers.py"
TOKEN = "a-token-for-the-tests"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    return demo_bundle(tmp_path_factory.mktemp("camera"), "sliced")


@pytest.fixture(scope="module")
def running(bundle: FilePath) -> Iterator[Running]:
    with Running(bundle) as entered:
        yield entered


@pytest.fixture(scope="module")
def live(running: Running) -> Live:
    return running.live


@pytest.fixture(scope="module")
def site(live: Live) -> Iterator[Site]:
    with serve(live, port=0) as served:
        yield served


@pytest.fixture(scope="module")
def locked(live: Live) -> Iterator[Site]:
    with serve(live, port=0, token=TOKEN) as served:
        yield served


@pytest.fixture(autouse=True)
def no_defects(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever viewers do, nothing of ours fails."""
    yield
    assert [record.getMessage() for record in caplog.records if record.name.startswith("dsnet_edge")] == []


def get(site: Site, path: str = "/", **headers: str) -> Answer:
    connection = HTTPConnection(urlsplit(site.address).netloc, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


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


def test_a_viewer_sees_what_the_runner_says_of_the_very_frame(site, bundle):
    runner = Runner(bundle)
    with viewer(site.address) as socket:
        told, picture = watch(socket)
    result = told["result"]
    frame = next(itertools.islice(views(), result["number"], None))
    assert result["size"] == [frame.shape[1], frame.shape[0]] and picture.shape == frame.shape
    assert np.abs(picture.astype(int) - frame).mean() < 4  # JPEG
    expected = runner(frame)
    assert [label for label, _ in result["top"]] == [label for label, _ in expected.top(len(result["top"]))]
    assert result["top"][0][1] == pytest.approx(expected.probability, abs=1e-5)
    assert result["path"] == expected.path and result["routed"]
    assert set(result["ms"]) == {"preprocess_ms", "prefix_ms", "gate_ms", "suffix_ms"} and min(result["ms"].values()) > 0
    assert told["state"]["madds"] == list(runner.bundle.madds)


def test_frames_come_in_order_and_each_once(site):
    with viewer(site.address) as socket:
        numbers = [-1]
        for _ in range(8):
            numbers.append(watch(socket, numbers[-1])[0]["result"]["number"])
    assert numbers == sorted(set(numbers))


def test_a_frame_is_encoded_once_for_all_and_not_at_all_for_nobody(site, live, monkeypatch):
    encoded: list[bytes] = []
    real = shots.jpeg
    monkeypatch.setattr(shots, "jpeg", lambda pixels: encoded.append(real(pixels)) or encoded[-1])
    with ExitStack() as stack:
        sockets = [stack.enter_context(viewer(site.address)) for _ in range(6)]
        pictures = set()
        for _ in range(5):
            for socket in sockets:
                socket.send('{"next": -1}')
            pictures |= {unpack(socket.recv(timeout=20))[1] for socket in sockets}
        assert pictures <= set(encoded) and len(encoded) <= 5 * 3  # six each would be 30
    passed = live.result.frame.number
    assert live.wait(passed + 5, 60)  # the last one that was asked for is done by then
    encoded.clear()
    assert live.wait(passed + 20, 60)
    assert encoded == []


def test_settings_reach_the_loop_and_every_viewer(site, live):
    with viewer(site.address) as one, viewer(site.address) as other:
        assert ask(one, change={"path": 5})["state"]["settings"]["path"] == 5
        wait_for(lambda: live.result.prediction.path == 5)
        told, _ = watch(other)
        assert told["state"]["settings"]["path"] == 5 and told["result"]["path"] == 5
        assert not told["result"]["routed"] and told["result"]["difficulty"] == ""
        assert ask(one, change={"path": None, "budget": 0})["state"]["settings"]["budget"] == 0
        wait_for(lambda: live.result.prediction.routed and live.result.prediction.path == 0)
        ask(one, change={"budget": None})


def test_a_paused_loop_answers_without_a_picture_and_newcomers_with_the_last(site, running):
    live = running.live
    with viewer(site.address) as one:
        ask(one, change={"paused": True})
        try:
            wait_for(lambda: live.wait(live.result.frame.number, 0.3) is None)
            number = watch(one)[0]["result"]["number"]
            one.send(json.dumps({"next": number}))
            told, picture = unpack(one.recv(timeout=20))
            assert picture == b"" and "result" not in told and told["state"]["settings"]["paused"]
            with viewer(site.address) as newcomer:
                assert watch(newcomer)[0]["result"]["number"] == number
            running.camera.unplugged.set()
            wait_for(lambda: "unplugged" in live.state.message)
            assert "unplugged" in ask(one, next=number)["state"]["message"]
        finally:
            running.camera.unplugged.clear()
            ask(one, change={"paused": False})


def test_the_extremes_are_of_one_frame(site, bundle):
    runner = Runner(bundle)
    with viewer(site.address) as socket:
        extremes = ask(socket, compare=True)["extremes"]
    frame = next(itertools.islice(views(), extremes["number"], None))
    for side, path in ("slimmest", 0), ("widest", len(runner.bundle.madds) - 1):
        assert extremes[side]["path"] == path
        assert extremes[side]["top"][0][0] == runner(frame, path).label


def test_what_cannot_be_is_answered_and_changes_nothing(site, live):
    before = live.state
    with viewer(site.address) as socket:
        for message in ({"change": {"backend": "magic"}}, {"change": {"path": 999}}, {"change": {"speed": 1}}, {"more": 1}):
            assert "\n" not in ask(socket, **message)["error"]
        socket.send("{")
        assert "JSON" in json.loads(socket.recv(timeout=20))["error"]
        socket.send(b"\x00\x01")
        assert "text" in json.loads(socket.recv(timeout=20))["error"]
        watch(socket)
    assert live.state.settings == before.settings


def test_every_answer_has_the_headers(site):
    for path, kind in {"/": "text/html", "/main.js": "text/javascript", "/style.css": "text/css", "/none": "text/plain"}.items():
        status, headers, _ = get(site, path)
        assert status == (404 if path == "/none" else 200) and headers["content-type"].startswith(kind)
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
        assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/..%2fserver.py",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/page/../../app.py",
        "/..\\app.py",
        "/index.html",
        "/%00",
    ],
)
def test_no_path_leads_out_of_the_page(site, path):
    status, _, body = get(site, path)
    assert status == 404 and b"import" not in body


def test_the_token_is_asked_of_everything(locked):
    site = Site(locked.address.partition("?")[0])
    for path in ("/", "/main.js", "/?token=wrong", "/?token="):
        status, headers, body = get(site, path)
        assert status == 401 and "set-cookie" not in headers and TOKEN.encode() not in body
    for query in ("", "?token=wrong"):
        with pytest.raises(InvalidStatus, match="401"), viewer(site.address + query):
            pass


def test_the_token_of_the_url_becomes_a_cookie_that_is_enough(locked):
    status, headers, _ = get(locked, f"/?token={TOKEN}")
    assert status == 200 and "HttpOnly" in headers["set-cookie"] and "SameSite=Strict" in headers["set-cookie"]
    cookie = headers["set-cookie"].partition(";")[0]
    status, headers, _ = get(locked, "/main.js", Cookie=cookie)
    assert status == 200 and "set-cookie" not in headers
    with viewer(locked.address.partition("?")[0], additional_headers={"Cookie": cookie}) as socket:
        watch(socket)


def test_other_sites_and_other_names_get_nothing(site):
    assert get(site, Host="evil.example")[0] == 421
    for options in ({"origin": "http://evil.example"}, {"origin": None}):
        with pytest.raises(InvalidStatus, match="403"), viewer(site.address, **options):
            pass


def test_others_can_reach_it_only_with_a_token(live):
    with serve(live, "0.0.0.0", 0) as site:
        query = urlsplit(site.address).query
        assert len(query.removeprefix("token=")) >= 32
        with serve(live, "0.0.0.0", 0) as second:
            assert urlsplit(second.address).query != query
        local = Site(f"http://127.0.0.1:{urlsplit(site.address).port}/")
        assert get(local)[0] == 401 and get(local, f"/?{query}")[0] == 200


@pytest.mark.parametrize("token", ["", "short", "x" * 201, "no spaces in a token", "umlaut-äöüäöüäöüäöü"])
def test_a_weak_token_is_refused(live, token):
    with pytest.raises(DsnetError, match="16 to 200"), serve(live, port=0, token=token):
        pass


def test_an_address_that_is_taken_or_not_ours_is_one_line(live, site):
    for host, port in (
        ("127.0.0.1", urlsplit(site.address).port),
        ("192.0.2.1", 0),
        ("no-such-host.invalid", 0),
        ("127.0.0.1", 70000),
    ):
        with pytest.raises(DsnetError, match=r"^[^\n]*(cannot listen|65535)[^\n]*$"), serve(live, host, port):
            pass


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


def test_without_its_packages_the_extra_is_named(live, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"uvicorn.*dsnet-edge\[camera\]"), serve(live, port=0):
        pass


def test_leaving_ends_every_connection_and_thread(live):
    import threading

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


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_twenty_viewers_do_not_slow_the_loop_and_fill_no_memory(bundle):
    """Briefly, and with a wide margin for a busy machine: the command itself measures for longer."""
    command = [sys.executable, str(VIEWERS_COMMAND), str(bundle), "--rounds", "3", "--seconds", "1", "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    assert found["ratio"] > 0.75
    assert min(row["seen"] for row in found["rounds"]) > 1  # frames a second, by the median viewer
    first, *_, last = (row["resident_mb"] for row in found["rounds"])
    assert last - first < 15
