"""Who may ask for what: the name a request calls us by, the page it comes from, and the token.

A page of another site can make a visitor's browser send requests here, and by DNS rebinding even read the answers. So the Host
must be an address, which no one can rebind, or a name of this machine; and a websocket must come from our own page (Origin).

The token is in the URL that the terminal shows, once: the answer keeps it in a cookie that scripts cannot read (HttpOnly) and
that other sites' pages do not bring along (SameSite=Strict). A websocket's handshake carries cookies, so no message needs it.
The page is plain HTTP: who listens on the network sees the token. Elsewhere than at home, tunnel it (ssh -L).
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Refusal:
    status: int
    reason: str  # for the one who asked


@dataclass(frozen=True)
class Guard:
    names: frozenset[str]  # of this machine, in lower case
    token: str | None  # None: whoever can reach us may watch
    cookie: str  # its name; browsers share cookies among the ports of a host

    def check(self, kind: str, headers: _Headers, query: bytes) -> Refusal | None:
        """Of a request, `kind` http or websocket, as ASGI gives them; None lets it in."""
        host = _only(headers, b"host")
        if host is None or not self._is_ours(host):
            return Refusal(421, "this machine is not called that; use its address in place of the name")
        if kind == "websocket" and urlsplit(_only(headers, b"origin") or "").netloc.lower() != host.lower():
            return Refusal(403, "only the page of this server may connect to it")
        if self.token is not None and not (self.brings_token(query) or self._has_cookie(headers)):
            return Refusal(401, "open the address that dsnet-edge camera shows in its terminal: it has the token")
        return None

    def brings_token(self, query: bytes) -> bool:
        """Whether the URL has it, so that a cookie should be set."""
        if self.token is None:
            return False
        try:
            found = parse_qs(query.decode("ascii"), max_num_fields=4).get("token", [""])
        except ValueError:
            return False
        return _same(found[0], self.token)

    def set_cookie(self) -> tuple[bytes, bytes]:
        return b"set-cookie", f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict".encode()

    def _has_cookie(self, headers: _Headers) -> bool:
        try:
            found = SimpleCookie(_only(headers, b"cookie") or "").get(self.cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.token or "")

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.names or _is_address(name)


class Guarded:
    """An ASGI application behind a guard; every answer of it has the headers."""

    def __init__(self, app: Any, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import PlainTextResponse

        refusal = self._guard.check(scope["type"], scope["headers"], scope["query_string"])
        cookie = [self._guard.set_cookie()] if self._guard.brings_token(scope["query_string"]) else []

        async def answer(message: Any) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message = message | {"headers": [*message.get("headers", ()), *HEADERS, *(cookie if refusal is None else ())]}
            await send(message)

        app = self._app if refusal is None else PlainTextResponse(f"{refusal.reason}\n", refusal.status)
        await app(scope, receive, answer)


def _only(headers: _Headers, name: bytes) -> str | None:
    """The value of a header that is there once."""
    found = [value for key, value in headers if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(found: str, token: str) -> bool:
    """In constant time."""
    return secrets.compare_digest(found.encode("utf-8", "surrogateescape"), token.encode())
