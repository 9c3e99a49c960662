"""One client's connection through the proxy, with its own connection to the server."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.faults.buffered_socket import BufferedSocket
from tests.faults.exchange import Exchange
from tests.faults.messages import Record, Request, parse_request
from tests.faults.signing import without_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.rules import Rule
    from tests.servers.server import S3Server

SERVER_WITHIN = 60.0  # for each single read from or write to the server


class Connection:
    """Serves the requests of one client, one after the other, until either side closes the connection.

    :param rule_for: returns the rule for a request, if there is one.
    :param record: called with a record of every request.
    :param wait: waits for a number of one-way latencies.
    """

    def __init__(
        self,
        accepted: socket.socket,
        behind: S3Server,
        rule_for: Callable[[Request], Rule | None],
        record: Callable[[Record], None],
        wait: Callable[[int], None],
    ) -> None:
        self._client = BufferedSocket(accepted)
        self._server: BufferedSocket | None = None
        self._behind = behind
        self._rule_for = rule_for
        self._record = record
        self._wait = wait

    def serve(self) -> None:
        """Serve until the connection ends; an exception means a mistake in the test or in the proxy."""
        try:
            self._serve_all()
        except OSError:
            self._client.reset()  # one side closed the connection, so the other side must see it too
        except BaseException:
            self._client.reset()
            raise
        finally:
            self._client.close()
            if self._server is not None:
                self._server.close()

    def interrupt(self) -> None:
        """End the connection from another thread."""
        for connected in (self._client, self._server):
            if connected is not None:
                connected.interrupt()

    def _serve_all(self) -> None:
        one_ways = 3  # connecting takes a round trip, then the request needs one way
        while (raw := self._client.read_head()) is not None:
            self._wait(one_ways)
            one_ways = 1
            if not self._serve_one(parse_request(raw), raw):
                return

    def _serve_one(self, request: Request, raw: bytes) -> bool:
        def record(body_bytes: int, status: int | None) -> None:
            self._record(Record(**vars(request), body_bytes=body_bytes, status=status))

        def resigned_without(head: bytes, header: str) -> bytes:
            return without_header(head, header, self._behind)

        exchange = Exchange(
            request, raw, self._client, self._connect, lambda: self._wait(1), record, resigned_without
        )
        try:
            rule = self._rule_for(request)
            if rule is None:
                exchange.forward()
            else:
                rule.apply(exchange)
        finally:
            exchange.close_record(None)  # if the request got no response
        return exchange.keeps_alive

    def _connect(self) -> BufferedSocket:
        """Return the connection to the server: the existing one, unless the server has closed it."""
        if self._server is not None and self._server.readable(0):
            self._server.close()
            self._server = None
        if self._server is None:
            self._server = BufferedSocket(self._dial())
        return self._server

    def _dial(self) -> socket.socket:
        address = urlsplit(self._behind.endpoint_url)
        assert address.hostname is not None
        secure = address.scheme == "https"
        port = address.port or (443 if secure else 80)
        plain = socket.create_connection((address.hostname, port), timeout=SERVER_WITHIN)
        if not secure:
            return plain
        context = ssl.create_default_context(cafile=self._behind.ca_bundle)
        return context.wrap_socket(plain, server_hostname=address.hostname)
