"""One request and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.messages import CONTINUE, AnswerHead, Request, answer_head, parse_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.faults.wire import Wire

# Some servers never say "100 Continue"; a client stops waiting for it after about as long.
CONTINUE_WITHIN = 1.0


class Exchange:
    """A request on its way, between the client's connection and the server's.

    :param raw: the head as it came, passed on unchanged because its signature covers it.
    :param connect: gives the connection to the server; called only if the server is to hear of this.
    :param lag: waits for the latency of one way.
    :param record: told once, before the client can know of the answer: body bytes and status.
    :param change: takes a header out of a head.
    """

    def __init__(
        self,
        request: Request,
        raw: bytes,
        client: Wire,
        connect: Callable[[], Wire],
        lag: Callable[[], None],
        record: Callable[[int, int | None], None],
        change: Callable[[bytes, str], bytes],
    ) -> None:
        self.request = request
        self.keeps_alive = request.headers.get("connection", "").lower() != "close"
        self._raw = raw
        self._client = client
        self._connect = connect
        self._lag = lag
        self._record = record
        self._change = change
        self._recorded = False
        self._body_bytes = 0

    def pass_on(self, *, flip: int | None = None) -> None:
        """Do what a proxy does, possibly with one bit of the body flipped."""
        server = self._connect()
        head = self._send(server, self._body(flip=flip)) or self._answer_of(server)
        self._lag()
        self.close_record(head.status)
        self._client.write(head.raw if self.keeps_alive else head.closing())
        self._client.write_body(server.read_body(head.framing), head.framing)
        self.keeps_alive = self.keeps_alive and not head.closes

    def forget(self, header: str) -> None:
        """Let the server not hear of a header."""
        self._raw = self._change(self._raw, header)

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Take the request's body, then answer in the server's place."""
        self._swallow()
        self._lag()
        self.close_record(status)
        head = answer_head(status, headers or {}, len(body))  # to a HEAD it tells the size as well
        self._client.write(head if self.request.method == "HEAD" else head + body)

    def answer_a_look(self, status: int, headers: Mapping[str, str]) -> None:
        """Answer a HEAD in the server's place, without a length."""
        assert self.request.method == "HEAD", "only to a HEAD is such an answer whole"
        self._lag()
        self.close_record(status)
        self._client.write(answer_head(status, headers, None))

    def break_off(self, after: int) -> None:
        """Pass on `after` bytes of body, then reset the connections on both sides."""
        server = self._connect()
        self._send(server, self._body(limit=after))
        server.reset()
        self._drop()

    def lose_answer(self) -> None:
        """Wait for the server's whole answer, and keep it."""
        server = self._connect()
        head = self._send(server, self._body()) or self._answer_of(server)
        for _ in server.read_body(head.framing):
            pass
        self._drop()

    def stall(self) -> None:
        """Swallow all that comes until the connection ends."""
        self._swallow()
        self.close_record(None)
        self.keeps_alive = False
        self._client.wait_for_end()

    def stall_within(self, after: int) -> None:
        """Pass on the answer's head and `after` bytes of its body, then nothing until the connection ends."""
        server = self._connect()
        head = self._send(server, self._body()) or self._answer_of(server)
        self.close_record(head.status)
        self.keeps_alive = False
        self._client.write(head.raw)
        body = bytearray()
        for piece in server.read_body(head.framing):
            body += piece
        assert after < len(body), "the answer ends before it is to stall"
        self._client.write(bytes(body[:after]))
        self._client.wait_for_end()

    def close_record(self, status: int | None) -> None:
        """Record the request, unless that was done."""
        if not self._recorded:
            self._recorded = True
            self._record(self._body_bytes, status)

    def _drop(self) -> None:
        self.close_record(None)
        self.keeps_alive = False
        self._client.reset()

    def _swallow(self) -> None:
        if self.request.expects_continue:
            self._client.write(CONTINUE)
        for _ in self._body():
            pass

    def _send(self, server: Wire, body: Iterator[memoryview]) -> AnswerHead | None:
        """Send the request to the server; give its answer if it came instead of a request for the body."""
        server.write(self._raw)
        if self.request.expects_continue and (refusal := self._refusal(server)):
            self.keeps_alive = False  # whether the client sends its body now is its own choice
            return refusal
        try:
            server.write_body(body, self.request.framing)
        except (BrokenPipeError, ConnectionResetError):
            # The server may have answered and closed without reading on; a client that is not heard out
            # would see a reset in place of that answer.
            for _ in body:
                pass
        return None

    def _refusal(self, server: Wire) -> AnswerHead | None:
        if server.readable(CONTINUE_WITHIN):
            head = self._head_of(server)
            if head.status != 100:
                return head
        self._lag()
        self._client.write(CONTINUE)
        self._lag()
        return None

    def _answer_of(self, server: Wire) -> AnswerHead:
        while (head := self._head_of(server)).status < 200:
            pass  # a late or a second "100 Continue"
        return head

    def _head_of(self, server: Wire) -> AnswerHead:
        raw = server.read_head()
        if raw is None:
            raise ConnectionResetError("the server closed the connection without an answer")
        return parse_answer(raw, self.request.method)

    def _body(self, *, limit: int | None = None, flip: int | None = None) -> Iterator[memoryview]:
        """Yield the request's body as it comes, up to `limit` bytes of it."""
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
            # By a name of its own: a server that closes early is heard out, a client that died is not.
            raise ConnectionAbortedError("the client is gone") from error
