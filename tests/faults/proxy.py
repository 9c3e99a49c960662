"""The fault proxy: it forwards requests, except if a rule says otherwise, and records all of them."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults.connection import Connection
from tests.faults.matching import Matcher
from tests.faults.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from tests.faults.messages import Record, Request
    from tests.servers.server import S3Server

CLOSE_WITHIN = 10.0
POLL = 0.01


class FaultProxy:
    """An HTTP/1.1 proxy on a free port of loopback, in front of `server`; a context manager.

    Each connection has its own thread and its own connection to the server. Leaving the context ends them
    all. It raises an error of the proxy itself (a failed callback, a rule without a fault), or an error if a
    fault did not happen as often as its rule says: such a test would pass without testing anything.
    """

    def __init__(self, server: S3Server) -> None:
        self._behind = server
        self._rules: list[Rule] = []
        self._records: list[Record] = []
        self._delay = 0.0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._live: dict[threading.Thread, Connection] = {}
        self._errors: list[Exception] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._accepting = threading.Thread(target=self._accept, name="fault-proxy", daemon=True)

    @property
    def endpoint_url(self) -> str:
        """The URL of the proxy."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def server(self) -> S3Server:
        """The server, with the proxy's URL."""
        return replace(self._behind, endpoint_url=self.endpoint_url, ca_bundle=None)

    def on(
        self,
        method: str | None = None,
        *,
        path: str | None = None,
        query: str | None = None,
        header: str | tuple[str, str] | None = None,
        predicate: Callable[[Request], bool] | None = None,
        times: int | None = 1,
        after: int = 0,
        at_least: int | None = None,
    ) -> Rule:
        """Return a rule for matching requests; add a fault to it: `on("PUT").respond(503, "SlowDown")`.

        The conditions are those of `Matcher`; `times`, `after` and `at_least` are those of `Rule`. The first
        rule that applies is used, in the order in which the rules were made.
        """
        rule = Rule(Matcher(method, path, query, header, predicate), times, after, at_least)
        with self._lock:
            self._rules.append(rule)
        return rule

    def delay(self, seconds: float) -> None:
        """Simulate latency: each message takes `seconds` one way, and a new connection a round trip more.

        The bytes of one message are delayed together, and connections do not wait for each other: this
        simulates a distant server, not a low bandwidth.
        """
        self._delay = seconds

    @property
    def requests(self) -> list[Record]:
        """All requests so far, in the order of their responses, or of the loss of their responses."""
        with self._lock:
            return list(self._records)

    def matching(
        self,
        method: str | None = None,
        *,
        path: str | None = None,
        query: str | None = None,
        header: str | tuple[str, str] | None = None,
        predicate: Callable[[Request], bool] | None = None,
    ) -> list[Record]:
        """Return the requests that match, with the conditions of `Matcher`."""
        matcher = Matcher(method, path, query, header, predicate)
        return [record for record in self.requests if matcher.matches(record)]

    def count(self, method: str | None = None, *, path: str | None = None, query: str | None = None) -> int:
        """Count the requests that match."""
        return len(self.matching(method, path=path, query=query))

    def body_bytes(
        self, method: str | None = None, *, path: str | None = None, query: str | None = None
    ) -> int:
        """Return the sum of the body bytes that clients sent with the matching requests, also failed ones."""
        return sum(record.body_bytes for record in self.matching(method, path=path, query=query))

    def settle(self) -> None:
        """Wait until every connection has ended, such as those of a killed process: then all is recorded.

        :raises AssertionError: a client keeps a connection open.
        """
        until = time.monotonic() + CLOSE_WITHIN
        while self._live:
            assert time.monotonic() < until, "a client keeps its connection open"
            time.sleep(POLL)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if kind is not None:
            return  # the failure of the test itself is more important
        if self._errors:
            raise self._errors[0]
        unfinished = [rule.matcher for rule in self._rules if not rule.complete]
        assert not unfinished, f"rules without a fault: {unfinished}"
        missed = [rule.shortfall for rule in self._rules if rule.shortfall]
        assert not missed, f"faults that did not happen: {missed}"

    def close(self) -> None:
        """End all connections, also stalled ones, and stop listening."""
        if self._closing.is_set():
            return
        self._closing.set()
        socket.create_connection(
            self._listener.getsockname()
        ).close()  # so that the accepting thread wakes up
        self._accepting.join(CLOSE_WITHIN)
        self._listener.close()
        with self._lock:
            live = dict(self._live)
        for connection in live.values():
            connection.interrupt()
        for thread in live:
            thread.join(CLOSE_WITHIN)

    def _accept(self) -> None:
        while True:
            accepted, _ = self._listener.accept()
            if self._closing.is_set():
                accepted.close()
                return
            connection = Connection(accepted, self._behind, self._rule_for, self._record, self._wait)
            thread = threading.Thread(target=self._serve, args=(connection,), name="fault-proxy", daemon=True)
            with self._lock:
                self._live[thread] = connection
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        except Exception as error:  # noqa: BLE001 - __exit__ raises it in the test's thread
            self._errors.append(error)
        finally:
            with self._lock:
                self._live.pop(threading.current_thread())

    def _rule_for(self, request: Request) -> Rule | None:
        with self._lock:
            rules = list(self._rules)
        return next((rule for rule in rules if rule.complete and rule.applies_to(request)), None)

    def _record(self, record: Record) -> None:
        with self._lock:
            self._records.append(record)

    def _wait(self, one_ways: int) -> None:
        if self._delay:
            self._closing.wait(one_ways * self._delay)
