from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from benchmarks.relay import relayed
from benchmarks.relay_rate import relay_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY = 0.1
SIZE = 8 << 20


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that reads to the end, and then sends everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(30)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(everything(connection))

        serving = pool.submit(serve)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        serving.result(30)


def everything(connection: socket.socket) -> bytes:
    connection.settimeout(30)
    return b"".join(iter(lambda: connection.recv(1 << 20), b""))


def send_all(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def test_all_bytes_arrive_late(echo: str) -> None:
    sent = os.urandom(SIZE)

    with relayed(echo, DELAY) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        begin = time.monotonic()
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        came_back = everything(connection)
        took = time.monotonic() - begin

    assert came_back == sent
    # Connecting takes one round trip, and the bytes take another one.
    assert 4 * DELAY <= took < 4 * DELAY + 5


def test_bytes_that_the_other_side_does_not_read_wait_and_then_arrive() -> None:
    sent = os.urandom(8 * SIZE)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(30)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with relayed(address, 0.01) as port, socket.create_connection(("127.0.0.1", port)) as connection:
            behind, _ = listener.accept()
            sending = pool.submit(send_all, connection, sent)
            time.sleep(0.3)  # until the buffers in between are full
            with behind:
                assert everything(behind) == sent
            sending.result(30)


def test_its_rates_are_measured_to_the_last_byte_and_response() -> None:
    rate = relay_rate(seconds=0.01, size=SIZE, trips=1_000)

    assert rate.bytes > SIZE / 30
    # Each connection has at most one request at a time, which takes 20 ms.
    assert 10 < rate.trips <= rate.connections / 0.02
