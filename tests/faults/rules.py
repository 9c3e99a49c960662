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
    """What happens to the requests that `matcher` matches; name the fault with one of the methods.

    :param times: how often it happens; None is always.
    :param after: how many matching requests it lets pass first.
    :param at_least: how often it must happen, else the test shows nothing; None is `times`, or once if that
        is always. 0 is for a fault that a right answer may never meet: say why where it stands.
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
        """Whether a fault was named."""
        return self._fault is not None

    @property
    def shortfall(self) -> str:
        """What is missing to the number of times that it must happen; empty if nothing is."""
        if self.fired >= self._at_least:
            return ""
        return f"{self.fired} of {self._at_least} times ({self._seen} requests seen): {self.matcher}"

    def claims(self, request: Request) -> bool:
        """Whether the fault happens to this request; counts it."""
        if not self.matcher.matches(request):
            return False
        with self._lock:
            self._seen += 1
            if self._seen <= self._after or (self._times is not None and self.fired >= self._times):
                return False
            self.fired += 1
            return True

    def happen(self, exchange: Exchange) -> None:
        """Do what the rule says."""
        assert self._fault is not None, f"no fault was named for {self.matcher}"
        self._fault(exchange)

    def respond(
        self,
        status: int,
        code: str | None = None,
        message: str = "Made by the fault proxy.",
        headers: Mapping[str, str] | None = None,
    ) -> Rule:
        """Take the body and answer with S3's error XML; the server never hears of it.

        :param code: S3's error code; None answers without a body, as a load balancer does.
        """

        def fault(exchange: Exchange) -> None:
            body = error_xml(code, message, exchange.request.path) if code is not None else b""
            exchange.answer(status, body, headers)

        return self._is(fault)

    def answer_body(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Rule:
        """Take the body and answer with this one; the server never hears of it."""
        return self._is(lambda exchange: exchange.answer(status, body, headers))

    def answer_without_length(self, status: int, headers: Mapping[str, str]) -> Rule:
        """Answer a HEAD as a proxy that compresses does: without the object's size."""
        return self._is(lambda exchange: exchange.answer_a_look(status, headers))

    def reset_after(self, *, bytes: int) -> Rule:  # noqa: A002 - reads as a sentence where it is used
        """Pass so much of the request's body on, then reset both connections; 0 is right after the head.

        A body that is shorter passes whole, and the answer is lost.
        """
        return self._is(lambda exchange: exchange.break_off(bytes))

    def lose_answer(self) -> Rule:
        """Let the server do it and answer in full, then reset the client's connection instead."""
        return self._is(lambda exchange: exchange.lose_answer())

    def stall(self) -> Rule:
        """Swallow the body and say nothing until the client goes or the proxy closes.

        The server never hears of it.
        """
        return self._is(lambda exchange: exchange.stall())

    def stall_within(self, *, bytes: int) -> Rule:  # noqa: A002 - reads as a sentence where it is used
        """Let the server do it, pass on the head of its answer and so much of the body, then say nothing."""
        return self._is(lambda exchange: exchange.stall_within(bytes))

    def flip_bit(self, *, at: int) -> Rule:
        """Flip the lowest bit of the body's byte `at`, counted from 0, on its way to the server."""
        return self._is(lambda exchange: exchange.pass_on(flip=at))

    def forget_header(self, name: str) -> Rule:
        """Pass the request on without one of its headers, as if the server did not know it."""

        def fault(exchange: Exchange) -> None:
            exchange.forget(name)
            exchange.pass_on()

        return self._is(fault)

    def run(self, callback: Callable[[Request], object]) -> Rule:
        """Call `callback` when the request's head has arrived, then pass the request on.

        It runs in the connection's own thread: others go on meanwhile. What it raises fails the test.
        """

        def fault(exchange: Exchange) -> None:
            try:
                callback(exchange.request)
            except OSError as error:  # of the callback, not of the connection: it must not pass for one
                raise RuntimeError("the callback of a fault failed") from error
            exchange.pass_on()

        return self._is(fault)

    def _is(self, fault: Callable[[Exchange], None]) -> Rule:
        assert self._fault is None, "a rule has one fault"
        self._fault = fault
        return self
