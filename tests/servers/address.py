"""A server's address: free ports, and whether the server responds."""

from __future__ import annotations

import http.client
import random
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

# Below the range from which the system assigns ports: another program may get one of those before our server
# binds it.
PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Find free ports on loopback, for servers that do not report the port they chose."""
    with ExitStack() as held:
        found: list[int] = []
        for port in random.SystemRandom().sample(PORTS, len(PORTS)):
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} free ports in {PORTS}")


def free_port() -> int:
    """Find one free port on loopback."""
    return free_ports(1)[0]


def healthy(url: str, path: str, ca_bundle: str | None = None) -> Callable[[str], str | None]:
    """Return a check that returns `url` when GET `path` has the status 200.

    The check gets the server's log but does not use it: servers log "listening" before they listen.
    """
    address = urlsplit(url)

    def check(_log: str) -> str | None:
        connection: http.client.HTTPConnection
        if address.scheme == "http":
            connection = http.client.HTTPConnection(address.netloc, timeout=5)
        else:
            import ssl

            context = ssl.create_default_context(cafile=ca_bundle)
            connection = http.client.HTTPSConnection(address.netloc, timeout=5, context=context)
        try:
            connection.request("GET", path)
            return url if connection.getresponse().status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    return check
