"""How much the relay carries alone: less than the contestants need would make it a narrow line."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.relay import relayed
from benchmarks.scenarios import MIB

CONNECTIONS = 4
BLOCK = bytes(MIB)
WITHIN = 60.0


def relay_rate(*, seconds: float = 0.02, size: int = 512 * MIB) -> float:
    """Return the bytes a second that get through it.

    :param seconds: of delay, each way.
    :param size: bytes to send, over several connections.
    """
    with socket.create_server(("127.0.0.1", 0)) as sink, ThreadPoolExecutor(2 * CONNECTIONS) as pool:
        sink.settimeout(WITHIN)
        port = sink.getsockname()[1]
        with relayed(f"127.0.0.1:{port}", seconds) as entrance:
            begin = time.perf_counter()
            swallowing = [pool.submit(_swallow, sink) for _ in range(CONNECTIONS)]
            for _ in range(CONNECTIONS):
                pool.submit(_send, entrance, size // CONNECTIONS)
            arrived = sum(one.result() for one in swallowing)
            return arrived / (time.perf_counter() - begin)


def _send(port: int, size: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as connection:
        for begin in range(0, size, MIB):
            connection.sendall(BLOCK[: size - begin])


def _swallow(sink: socket.socket) -> int:
    connection, _ = sink.accept()
    buffer = bytearray(MIB)
    with connection:
        connection.settimeout(WITHIN)
        return sum(iter(lambda: connection.recv_into(buffer), 0))
