"""The throughput of the relay alone: if it were less than the contestants need, it would limit them."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING

from benchmarks.relay import relayed
from benchmarks.scenarios import MIB

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

STREAMS = 4
BLOCK = bytes(MIB)
WITHIN = 60.0
CONNECTIONS = 256  # as s5cmd opens
REQUEST, RESPONSE = bytes(4_600), bytes(300)


@dataclass(frozen=True)
class RelayRate:
    """The throughput of the relay.

    :param bytes: bytes per second, one way, on a few connections.
    :param trips: small requests per second with their responses, on `connections` connections.
    """

    bytes: float
    trips: float
    connections: int = CONNECTIONS


def relay_rate(*, seconds: float = 0.02, size: int = 512 * MIB, trips: int = 8_000) -> RelayRate:
    """Measure both rates.

    :param seconds: the delay, each way.
    :param size: bytes to send.
    :param trips: the number of requests on all connections together.
    """
    return RelayRate(_bytes_rate(seconds, size), _trips_rate(seconds, trips))


def _bytes_rate(seconds: float, size: int) -> float:
    with _listening() as sink, ThreadPoolExecutor(2 * STREAMS) as pool, _relayed(sink, seconds) as entrance:
        begin = time.perf_counter()
        receiving = [pool.submit(_receive_all, sink) for _ in range(STREAMS)]
        for _ in range(STREAMS):
            pool.submit(_send, entrance, size // STREAMS)
        arrived = sum(one.result() for one in receiving)
        return arrived / (time.perf_counter() - begin)


def _send(port: int, size: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as connection:
        for begin in range(0, size, MIB):
            connection.sendall(BLOCK[: size - begin])


def _receive_all(sink: socket.socket) -> int:
    connection, _ = sink.accept()
    buffer = bytearray(MIB)
    with connection:
        connection.settimeout(WITHIN)
        return sum(iter(lambda: connection.recv_into(buffer), 0))


def _trips_rate(seconds: float, trips: int) -> float:
    with _listening() as server, ThreadPoolExecutor(1) as pool:
        with _relayed(server, seconds) as entrance:
            connections = [_connected(entrance) for _ in range(CONNECTIONS)]
            responding = pool.submit(_respond, server)
            begin = time.perf_counter()
            done = _send_requests(connections, trips)
            took = time.perf_counter() - begin
            for one in connections:
                one.close()
        responding.result(WITHIN)
        return done / took


def _send_requests(connections: list[socket.socket], trips: int) -> int:
    """Send requests on every connection, each after the last response, until `trips` responses arrived."""
    done = 0
    with DefaultSelector() as selector:
        for one in connections:
            selector.register(one, EVENT_READ, _Counter(len(RESPONSE)))
            one.sendall(REQUEST)
        while done < trips:
            ready = selector.select(WITHIN)
            if not ready:
                raise TimeoutError("the relay does not respond any more")
            for key, _ in ready:
                connection: socket.socket = key.fileobj  # type: ignore[assignment]
                for _ in range(key.data.completed(len(connection.recv(MIB)))):
                    done += 1
                    connection.sendall(REQUEST)
    return done


def _respond(server: socket.socket) -> None:
    """Respond to every request, until all connections are closed."""
    with DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            connection, _ = server.accept()
            selector.register(connection, EVENT_READ, _Counter(len(REQUEST)))
        while selector.get_map():
            for key, _ in selector.select():
                one: socket.socket = key.fileobj  # type: ignore[assignment]
                if not (received := _received(one)):
                    selector.unregister(one)
                    one.close()
                for _ in range(key.data.completed(received)):
                    one.sendall(RESPONSE)


def _received(connection: socket.socket) -> int:
    try:
        return len(connection.recv(MIB))
    except ConnectionResetError:
        return 0


class _Counter:
    """Counts complete messages in bytes that arrive in pieces."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._bytes = 0

    def completed(self, received: int) -> int:
        """Return how many messages are completed by these bytes."""
        messages, self._bytes = divmod(self._bytes + received, self._size)
        return messages


def _listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
    server.settimeout(WITHIN)
    return server


def _relayed(server: socket.socket, seconds: float) -> AbstractContextManager[int]:
    return relayed(f"127.0.0.1:{server.getsockname()[1]}", seconds)


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=WITHIN)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
