"""The page's server as a viewer meets it: real sockets, a real network, real photos."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import numpy as np
import pytest
from camera_live import views, wait_for
from camera_viewer import ask, get, unpack, viewer, watch
from websockets.exceptions import InvalidStatus

from dsnet_edge.camera.values import Live
from dsnet_edge.camera.web import Site, serve, shots
from dsnet_edge.errors import DsnetError, MissingExtraError
from dsnet_edge.runtime import Runner

TOKEN = "a-token-for-the-tests"

pytestmark = pytest.mark.usefixtures("no_defects")


@pytest.fixture(scope="module")
def locked(live: Live) -> Iterator[Site]:
    with serve(live, port=0, token=TOKEN) as served:
        yield served


def test_a_viewer_sees_what_the_runner_says_of_the_very_frame(site, camera_bundle):
    runner = Runner(camera_bundle)
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


def test_the_extremes_are_of_one_frame(site, camera_bundle):
    runner = Runner(camera_bundle)
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


def test_without_its_packages_the_extra_is_named(live, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"uvicorn.*dsnet-edge\[camera\]"), serve(live, port=0):
        pass
