"""Network latency on loopback: a relay in front of a server, which delays every byte.

Run it as ``python -m benchmarks.relay HOST PORT SECONDS``; it prints its address. It simulates latency, not a
low bandwidth: connections don't wait for each other, and it does not limit the rate. Unlike the fault proxy
of the tests, which would be too slow here, it does not parse the bytes. One thread serves all connections:
with a thread for each direction, the relay was the bottleneck for hundreds of connections with small
requests.
"""

from __future__ import annotations

import heapq
import os
import selectors
import socket
import sys
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.direction import Direction
from tests.servers import process

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parents[1]

LISTENING = "relay listens on "
TICK = 0.001  # epoll rounds its timeouts up to that


class Connection:
    """A client's connection and the matching one to the server, with one direction each way.

    :param not_before: the time at which the client would be connected with the simulated latency.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        client: socket.socket,
        server: socket.socket,
        not_before: float,
    ) -> None:
        self.not_before = not_before
        self._selector = selector
        there, back = Direction(client, server), Direction(server, client)
        # For each socket: the direction of which it is the source, and the one of which it is the sink.
        self._sockets = {client: (there, back), server: (back, there)}
        self._watched = dict.fromkeys(self._sockets, 0)
        for one in self._sockets:
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def work(self, on: socket.socket, events: int) -> tuple[Direction, memoryview] | None:
        """Send and receive what a socket is ready for; return the received bytes."""
        source_of, sink_of = self._sockets[on]
        if events & selectors.EVENT_WRITE:
            sink_of.send()
        data = source_of.receive() if events & selectors.EVENT_READ and source_of.is_reading else None
        self.watch()
        return None if data is None else (source_of, data)

    def watch(self) -> None:
        """Select each socket for the events that its directions need; close both when both are done."""
        for one, (source_of, sink_of) in self._sockets.items():
            reading = selectors.EVENT_READ if source_of.is_reading else 0
            self._select(one, reading | (selectors.EVENT_WRITE if sink_of.is_writing else 0))
        if all(source_of.is_done for source_of, _ in self._sockets.values()):
            for one in self._sockets:
                one.close()

    def _select(self, at: socket.socket, events: int) -> None:
        if events == self._watched[at]:
            return
        if not events:  # epoll would keep reporting that the peer has hung up
            self._selector.unregister(at)
        elif self._watched[at]:
            self._selector.modify(at, events, self)
        else:
            self._selector.register(at, events, self)
        self._watched[at] = events


class Relay:
    """Forwards connections to one address, with a delay.

    :param seconds: the delay of a byte, each way.
    """

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._behind = (host, port)
        self._seconds = seconds
        self._selector = selectors.DefaultSelector()
        # Ordered by due time, then by the order in which they arrived.
        self._delayed: list[tuple[float, int, Connection, Direction, memoryview]] = []
        self._numbers = count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    @property
    def port(self) -> int:
        """The relay's port on loopback."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve until the process ends."""
        while True:
            for key, events in self._selector.select(self._until_next()):
                if key.data is None:
                    self._accept()
                elif received := key.data.work(key.fileobj, events):
                    self._delay(key.data, *received)
            now = time.monotonic()
            while self._delayed and self._delayed[0][0] <= now:
                _, _, connection, direction, data = heapq.heappop(self._delayed)
                direction.forward(data)
                connection.watch()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        # The client is connected already; with real latency that would take a round trip.
        connected = time.monotonic() + 2 * self._seconds
        Connection(self._selector, client, socket.create_connection(self._behind), connected).watch()

    def _delay(self, connection: Connection, direction: Direction, data: memoryview) -> None:
        due = max(time.monotonic(), connection.not_before) + self._seconds
        heapq.heappush(self._delayed, (due, next(self._numbers), connection, direction, data))

    def _until_next(self) -> float | None:
        """Return the timeout for the selector; sleep here for less than its smallest unit."""
        if not self._delayed:
            return None
        left = self._delayed[0][0] - time.monotonic()
        if 0 < left < TICK:
            time.sleep(left)
        return max(0.0, left // TICK * TICK)


@contextmanager
def relayed(address: str, seconds: float) -> Iterator[int]:
    """Run a relay in front of an address, and yield its port on loopback.

    :param address: ``host:port``.
    """
    command = [sys.executable, "-m", "benchmarks.relay", *address.split(":"), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with (
        process.scratch_folder("s3ops-relay-") as folder,
        process.running(command, folder, _port, environment) as port,
    ):
        yield int(port)


def _port(log: str) -> str | None:
    port = log.partition(LISTENING)[2]
    return port.strip() if port.endswith("\n") else None


def main() -> None:
    """Relay to the address in the arguments."""
    host, port, seconds = sys.argv[1:]
    relay = Relay(host, int(port), float(seconds))
    print(f"{LISTENING}{relay.port}", flush=True)
    relay.serve()


if __name__ == "__main__":
    main()
