"""Distance on loopback: a relay in front of a server, in which every byte travels for a while.

Run as ``python -m benchmarks.relay HOST PORT SECONDS``; it prints where it listens. Connections don't wait
for each other and the line is wide: that is distance, not a narrow line. It looks at nothing that it carries,
unlike the fault proxy of the tests, which would be the brake here.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING

from tests.servers import process

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parents[1]

CHUNK = 256 * 1024
# What a direction may hold: 64 MiB in 20 ms is 3 GiB/s, more than clients and server can make.
CHUNKS_UNDER_WAY = 256
LISTENING = "relay listens on "


class Relay:
    """Passes connections on to one address, late.

    :param seconds: how long a byte travels, each way.
    """

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._behind = (host, port)
        self._seconds = seconds
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)

    @property
    def port(self) -> int:
        """Where the relay listens, on loopback."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve until the process ends."""
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._behind)
            # The client believes that it is connected by now; over a distance that takes there and back.
            connected = time.monotonic() + 2 * self._seconds
            for source, sink in ((client, server), (server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._pump(source, sink, connected)

    def _pump(self, source: socket.socket, sink: socket.socket, not_before: float) -> None:
        under_way: Queue[tuple[float, bytes]] = Queue(CHUNKS_UNDER_WAY)

        def receive() -> None:
            ended = False
            while not ended:
                try:
                    data = source.recv(CHUNK)
                except OSError:
                    data = b""
                ended = not data
                under_way.put((max(time.monotonic(), not_before) + self._seconds, data))

        def send() -> None:
            gone = False
            while True:
                due, data = under_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                try:
                    if not gone:
                        sink.sendall(data)
                except OSError:
                    gone = True  # go on taking, so that the other thread never waits for room
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        for work in (receive, send):
            threading.Thread(target=work, daemon=True).start()


@contextmanager
def relayed(address: str, seconds: float) -> Iterator[int]:
    """Run a relay in front of an address, and give its port on loopback.

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
    said = log.partition(LISTENING)[2]
    return said.strip() if said.endswith("\n") else None


def main() -> None:
    """Relay to the address in the arguments."""
    host, port, seconds = sys.argv[1:]
    relay = Relay(host, int(port), float(seconds))
    print(f"{LISTENING}{relay.port}", flush=True)
    relay.serve()


if __name__ == "__main__":
    main()
