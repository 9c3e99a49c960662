"""One request, and what the proxy does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.messages import CONTINUE, Request, ResponseHead, parse_response, response_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.faults.buffered_socket import BufferedSocket

# Some servers never send "100 Continue"; a client stops waiting for it after about this time.
CONTINUE_WITHIN = 1.0


class Exchange:
    """A request between the client's connection and the server's.

    :param raw: the head as received, forwarded unchanged because the signature covers it.
    :param connect: returns the connection to the server; called only if the server is to get the request.
    :param wait_one_way: waits for the one-way latency.
    :param record: called once, before the client gets the response, with the body bytes and the status.
    :param without_header: removes a header from a head.
    """

    def __init__(
        self,
        request: Request,
        raw: bytes,
        client: BufferedSocket,
        connect: Callable[[], BufferedSocket],
        wait_one_way: Callable[[], None],
        record: Callable[[int, int | None], None],
        without_header: Callable[[bytes, str], bytes],
    ) -> None:
        self.request = request
        self.keeps_alive = request.headers.get("connection", "").lower() != "close"
        self._raw = raw
        self._client = client
        self._connect = connect
        self._wait_one_way = wait_one_way
        self._record = record
        self._without_header = without_header
        self._recorded = False
        self._body_bytes = 0

    def forward(self, *, flip: int | None = None) -> None:
        """Forward the request and the response, optionally with one bit of the body flipped."""
        server = self._connect()
        head = self._send(server, self._body(flip=flip)) or self._response_of(server)
        self._wait_one_way()
        self.close_record(head.status)
        self._client.write(head.raw if self.keeps_alive else head.closing())
        self._client.write_body(server.read_body(head.framing), head.framing)
        self.keeps_alive = self.keeps_alive and not head.closes

    def remove_header(self, header: str) -> None:
        """Remove a header before the request is forwarded."""
        self._raw = self._without_header(self._raw, header)

    def respond(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Read the request's body, then respond in the server's place."""
        self._discard_body()
        self._wait_one_way()
        self.close_record(status)
        head = response_head(status, headers or {}, len(body))  # for a HEAD it has the size too
        self._client.write(head if self.request.method == "HEAD" else head + body)

    def respond_to_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Respond to a HEAD in the server's place, without a length."""
        assert self.request.method == "HEAD", "only a response to HEAD may have no length"
        self._wait_one_way()
        self.close_record(status)
        self._client.write(response_head(status, headers, None))

    def reset_after(self, after: int) -> None:
        """Forward `after` bytes of the body, then reset the connections on both sides."""
        server = self._connect()
        self._send(server, self._body(limit=after))
        server.reset()
        self._drop()

    def lose_response(self) -> None:
        """Wait for the server's whole response, and do not forward it."""
        server = self._connect()
        head = self._send(server, self._body()) or self._response_of(server)
        for _ in server.read_body(head.framing):
            pass
        self._drop()

    def stall(self) -> None:
        """Read and discard everything until the connection ends."""
        self._discard_body()
        self.close_record(None)
        self.keeps_alive = False
        self._client.wait_for_end()

    def stall_within(self, after: int) -> None:
        """Forward the response's head and `after` bytes of its body, then wait for the connection's end."""
        server = self._connect()
        head = self._send(server, self._body()) or self._response_of(server)
        self.close_record(head.status)
        self.keeps_alive = False
        self._client.write(head.raw)
        body = bytearray()
        for piece in server.read_body(head.framing):
            body += piece
        assert after < len(body), "the response ends before the stall"
        self._client.write(bytes(body[:after]))
        self._client.wait_for_end()

    def close_record(self, status: int | None) -> None:
        """Record the request, unless it is recorded already."""
        if not self._recorded:
            self._recorded = True
            self._record(self._body_bytes, status)

    def _drop(self) -> None:
        self.close_record(None)
        self.keeps_alive = False
        self._client.reset()

    def _discard_body(self) -> None:
        if self.request.expects_continue:
            self._client.write(CONTINUE)
        for _ in self._body():
            pass

    def _send(self, server: BufferedSocket, body: Iterator[memoryview]) -> ResponseHead | None:
        """Send the request to the server; return the response head if it came instead of "100 Continue"."""
        server.write(self._raw)
        if self.request.expects_continue and (response := self._early_response(server)):
            self.keeps_alive = False  # the client may or may not send its body now
            return response
        try:
            server.write_body(body, self.request.framing)
        except (BrokenPipeError, ConnectionResetError):
            # The server may have responded and closed the connection before it read the whole body. The rest
            # of the body must be read from the client; otherwise the client sees a reset, not the response.
            for _ in body:
                pass
        return None

    def _early_response(self, server: BufferedSocket) -> ResponseHead | None:
        if server.readable(CONTINUE_WITHIN):
            head = self._head_of(server)
            if head.status != 100:
                return head
        self._wait_one_way()
        self._client.write(CONTINUE)
        self._wait_one_way()
        return None

    def _response_of(self, server: BufferedSocket) -> ResponseHead:
        while (head := self._head_of(server)).status < 200:
            pass  # a late or a second "100 Continue"
        return head

    def _head_of(self, server: BufferedSocket) -> ResponseHead:
        raw = server.read_head()
        if raw is None:
            raise ConnectionResetError("the server closed the connection without a response")
        return parse_response(raw, self.request.method)

    def _body(self, *, limit: int | None = None, flip: int | None = None) -> Iterator[memoryview]:
        """Yield the request's body as it arrives, up to `limit` bytes of it."""
        if limit == 0:
            return
        for piece in self._pieces():
            start = self._body_bytes
            self._body_bytes += len(piece)
            if flip is not None and start <= flip < self._body_bytes:
                piece[flip - start] ^= 1
            if limit is not None and self._body_bytes >= limit:
                yield piece[: limit - start]
                return
            yield piece
        assert flip is None or flip < self._body_bytes, (
            f"no byte {flip} to flip in {self._body_bytes} of {self.request}"
        )

    def _pieces(self) -> Iterator[memoryview]:
        try:
            yield from self._client.read_body(self.request.framing)
        except ConnectionResetError as error:
            # Another class than for a server that closes early: only then the rest of the body is read.
            raise ConnectionAbortedError("the client has closed the connection") from error
