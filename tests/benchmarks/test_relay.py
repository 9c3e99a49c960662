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
    """A server's address; it reads to the end, and then sends all of it back."""
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


def test_what_goes_in_comes_out_late(echo: str) -> None:
    sent = os.urandom(SIZE)

    with relayed(echo, DELAY) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        begin = time.monotonic()
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        came_back = everything(connection)
        took = time.monotonic() - begin

    assert came_back == sent
    # To be connected takes there and back, and then the bytes travel there and back.
    assert 4 * DELAY <= took < 4 * DELAY + 5


def test_its_rate_is_measured_to_the_last_byte() -> None:
    assert relay_rate(seconds=0.01, size=SIZE) > SIZE / 30
