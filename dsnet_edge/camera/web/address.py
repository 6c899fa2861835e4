"""Where the page is served: an address to listen at, and the one to open."""

from __future__ import annotations

import ipaddress
import os
import socket
from urllib.parse import quote

from dsnet_edge.errors import DsnetError

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # for documentation, RFC 5737 and 3849


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 is any free one. DsnetError where this machine has no such address, or it is taken."""
    if not 0 <= port <= 65535:
        raise DsnetError(f"{host}:{port}: a port is a number from 0 to 65535, where 0 is any free one")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen()
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else str(error)  # a resolver's numbers are below zero
        raise DsnetError(f"{host}:{port}: cannot listen there ({reason}); choose another address or port") from error
    return listening


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def url(listening: socket.socket, token: str | None) -> str:
    """To open in a browser. An address that stands for all of this machine's is replaced by the one that others see."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = _seen_from_elsewhere(listening.family)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/" + (f"?token={quote(token)}" if token else "")


def own_names(host: str) -> frozenset[str]:
    """Names by which a browser may call this machine, in lower case; addresses are no names."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), name, f"{name}.local", socket.getfqdn().lower()})


def _seen_from_elsewhere(family: int) -> str:
    """The address of the interface that leads out; the host's name where none does. Nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_ELSEWHERE[socket.AddressFamily(family)], 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
