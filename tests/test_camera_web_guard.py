"""Who is let in, as a table; and what a viewer may ask, as another."""

from __future__ import annotations

import numpy as np
import pytest

from dsnet_edge.camera.values import Settings
from dsnet_edge.camera.web.answers import difficulty
from dsnet_edge.camera.web.guard import Guard
from dsnet_edge.camera.web.requests import Change, Compare, Next, RequestError, read_request

TOKEN = "correct-horse-battery"
OPEN = Guard(frozenset({"localhost", "pi", "pi.local"}), None, "dsnet-edge-80")
LOCKED = Guard(OPEN.names, TOKEN, OPEN.cookie)


def status(guard: Guard, kind: str = "http", query: str = "", **headers: str) -> int:
    found = guard.check(kind, [(name.encode(), value.encode("latin-1")) for name, value in headers.items()], query.encode())
    return found.status if found else 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "PI.local:80", "[fe80::1]"]
)
def test_an_address_or_a_name_of_this_machine_is_a_host(host):
    assert status(OPEN, host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1", "pi@evil.example", "[v1.x]"]
)
def test_another_name_is_refused_as_it_may_be_rebound(host):
    assert status(OPEN, host=host) == 421


def test_no_host_and_two_hosts_are_refused():
    assert status(OPEN) == 421
    assert OPEN.check("http", [(b"host", b"localhost"), (b"host", b"localhost")], b"").status == 421


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://LOCALHOST:8000"])
def test_our_own_page_may_connect(origin):
    assert status(OPEN, "websocket", host="localhost:8000", origin=origin) == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:8001", "null", "", "http://localhost:8000@evil.example"]
)
def test_a_page_of_another_site_may_not(origin):
    assert status(OPEN, "websocket", host="localhost:8000", origin=origin) == 403
    assert status(OPEN, "websocket", host="localhost:8000") == 403


def test_a_token_is_in_the_url_or_in_the_cookie():
    assert status(LOCKED, query=f"token={TOKEN}", host="pi") == 200
    assert status(LOCKED, host="pi", cookie=f"other=1; {LOCKED.cookie}={TOKEN}") == 200
    assert status(LOCKED, "websocket", host="pi", origin="http://pi", cookie=f"{LOCKED.cookie}={TOKEN}") == 200


@pytest.mark.parametrize(
    ("query", "cookie"),
    [
        ("", ""),
        ("token=", ""),
        ("token=wrong", f"dsnet-edge-81={TOKEN}"),
        (f"token={TOKEN}x", ""),
        (f"Token={TOKEN}", ""),
        (f"token={TOKEN[:-1]}", "dsnet-edge-80="),
        ("&".join(f"a{n}=1" for n in range(9)) + f"&token={TOKEN}", ""),
        ("token=%ff%fe", "dsnet-edge-80=\xff\xfe"),
        ("", "dsnet-edge-80=;;;=\x80"),
    ],
)
def test_anything_but_the_token_is_refused(query, cookie):
    assert status(LOCKED, query=query, host="pi", cookie=cookie) == 401
    assert not LOCKED.brings_token(query.encode())


def test_the_cookie_is_out_of_reach_for_scripts_and_for_other_sites():
    name, value = LOCKED.set_cookie()
    assert name == b"set-cookie"
    assert {part.strip() for part in value.decode().split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Strict"}


def test_requests_are_read():
    assert read_request('{"next": -1}') == Next(-1)
    assert read_request('{"compare": true}') == Compare()
    before = Settings("sliced", 1, None)
    for name, value in {"budget": 0.25, "path": 3, "threads": 2, "backend": "litert", "paused": True}.items():
        change = read_request(
            f'{{"change": {{"{name}": {str(value).lower() if value is True else repr(value)}}}}}'.replace("'", '"')
        )
        assert isinstance(change, Change)
        after = change(before)
        assert getattr(after, name) == value
        assert sum(getattr(after, field) != getattr(before, field) for field in vars(before)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "next",
        "[]",
        "null",
        "{}",
        '{"next": -2}',
        '{"next": 1.5}',
        '{"next": true}',
        '{"next": 1, "more": 1}',
        '{"next": 1e999}',
        '{"compare": 1}',
        '{"compare": true, "next": 1}',
        '{"change": {}}',
        '{"change": []}',
        '{"change": {"budget": 1.01}}',
        '{"change": {"budget": NaN}}',
        '{"change": {"budget": false}}',
        '{"change": {"budget": "0.5"}}',
        '{"change": {"path": -1}}',
        '{"change": {"threads": 65}}',
        '{"change": {"paused": 1}}',
        '{"change": {"backend": null}}',
        '{"change": {"__class__": 1}}',
        '{"change": {"budget": 0.5, "speed": 1}}',
        "[" * 1000,
        '{"next": ' + "9" * 900 + "}",
    ],
)
def test_whatever_else_comes_is_refused_in_one_line(text):
    with pytest.raises(RequestError, match=r"^[^\n]{1,300}$"):
        read_request(text)


def test_a_frame_is_easy_or_hard_by_what_most_frames_took():
    generator = np.random.default_rng(0)
    for _ in range(200):
        paths = generator.integers(0, 5, generator.integers(1, 40))
        counts = tuple(int((paths == path).sum()) for path in range(5))
        taken = int(paths[-1])
        wider, slimmer = (paths > taken).mean(), (paths < taken).mean()
        assert difficulty(taken, counts) == ("easy" if wider > 0.5 else "hard" if slimmer > 0.5 else "usual")
