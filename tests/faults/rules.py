"""A rule: for these requests, this fault."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.faults.messages import error_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.exchange import Exchange
    from tests.faults.matching import Matcher
    from tests.faults.messages import Request


class Rule:
    """A fault for the requests that `matcher` matches; choose the fault with one of the methods.

    :param times: how often it happens; None means always.
    :param after: how many matching requests are forwarded unchanged first.
    :param at_least: how often it must happen, because otherwise the test tests nothing; None means `times`,
        or once if `times` is None. Use 0 for a fault that correct code may never meet; write the reason down.
    """

    def __init__(self, matcher: Matcher, times: int | None, after: int, at_least: int | None = None) -> None:
        self.matcher = matcher
        self.fired = 0
        self._at_least = at_least if at_least is not None else 1 if times is None else times
        self._times = times
        self._after = after
        self._seen = 0
        self._fault: Callable[[Exchange], None] | None = None
        self._lock = threading.Lock()

    @property
    def complete(self) -> bool:
        """Whether the rule has a fault."""
        return self._fault is not None

    @property
    def shortfall(self) -> str:
        """A text if the fault happened too seldom; empty if it happened often enough."""
        if self.fired >= self._at_least:
            return ""
        return f"{self.fired} of {self._at_least} times ({self._seen} requests seen): {self.matcher}"

    def applies_to(self, request: Request) -> bool:
        """Return whether the fault applies to this request, and count the request."""
        if not self.matcher.matches(request):
            return False
        with self._lock:
            self._seen += 1
            if self._seen <= self._after or (self._times is not None and self.fired >= self._times):
                return False
            self.fired += 1
            return True

    def apply(self, exchange: Exchange) -> None:
        """Produce the fault."""
        assert self._fault is not None, f"there is no fault for {self.matcher}"
        self._fault(exchange)

    def respond(
        self,
        status: int,
        code: str | None = None,
        message: str = "Made by the fault proxy.",
        headers: Mapping[str, str] | None = None,
    ) -> Rule:
        """Read the body and respond with S3's error XML; the server does not get the request.

        :param code: S3's error code; None means a response without a body, as of a load balancer.
        """

        def fault(exchange: Exchange) -> None:
            body = error_xml(code, message, exchange.request.path) if code is not None else b""
            exchange.respond(status, body, headers)

        return self._is(fault)

    def respond_body(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Rule:
        """Read the body and respond with this body; the server does not get the request."""
        return self._is(lambda exchange: exchange.respond(status, body, headers))

    def respond_without_length(self, status: int, headers: Mapping[str, str]) -> Rule:
        """Respond to a HEAD as a compressing proxy does: without the object's size."""
        return self._is(lambda exchange: exchange.respond_to_head(status, headers))

    def reset_after(self, *, bytes: int) -> Rule:  # noqa: A002 - reads as a sentence where it is used
        """Forward `bytes` of the request's body, then reset both connections; 0 resets after the head.

        A shorter body is forwarded whole, and the response is lost.
        """
        return self._is(lambda exchange: exchange.reset_after(bytes))

    def lose_response(self) -> Rule:
        """Let the server carry out the request; drop its response, and reset the client's connection."""
        return self._is(lambda exchange: exchange.lose_response())

    def stall(self) -> Rule:
        """Read the body and do not respond until the client disconnects or the proxy closes.

        The server does not get the request.
        """
        return self._is(lambda exchange: exchange.stall())

    def stall_within(self, *, bytes: int) -> Rule:  # noqa: A002 - reads as a sentence where it is used
        """Forward the request, the response's head and `bytes` of its body, then send nothing more."""
        return self._is(lambda exchange: exchange.stall_within(bytes))

    def flip_bit(self, *, at: int) -> Rule:
        """Flip the lowest bit of the body's byte `at`, counted from 0, before the server gets it."""
        return self._is(lambda exchange: exchange.forward(flip=at))

    def remove_header(self, name: str) -> Rule:
        """Forward the request without one of its headers, to simulate a server that ignores it."""

        def fault(exchange: Exchange) -> None:
            exchange.remove_header(name)
            exchange.forward()

        return self._is(fault)

    def run(self, callback: Callable[[Request], object]) -> Rule:
        """Call `callback` when the request's head has arrived, then forward the request.

        It runs in the connection's own thread: other connections continue. An exception in it fails the test.
        """

        def fault(exchange: Exchange) -> None:
            try:
                callback(exchange.request)
            except OSError as error:  # of the callback: it must not look like an error of the connection
                raise RuntimeError("the callback of a fault failed") from error
            exchange.forward()

        return self._is(fault)

    def _is(self, fault: Callable[[Exchange], None]) -> Rule:
        assert self._fault is None, "a rule has one fault"
        self._fault = fault
        return self
