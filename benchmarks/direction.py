"""One direction of a relayed connection: bytes from one socket to another."""

from __future__ import annotations

import contextlib
import socket
from collections import deque

CHUNK = 256 * 1024
# 64 MiB in 20 ms is 3 GiB/s, more than clients and server can reach.
BUFFER = 64 * 1024 * 1024


class Direction:
    """Receives, holds up to `BUFFER` bytes, and sends; never blocks.

    :param source: a non-blocking socket, like `sink`.
    """

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self._source = source
        self._sink = sink
        self._due: deque[memoryview] = deque()
        self._held = 0
        self._has_ended = False
        self._is_sink_gone = False
        self.is_done = False

    @property
    def is_reading(self) -> bool:
        """Whether it can receive more from its source."""
        return not self._has_ended and self._held < BUFFER

    @property
    def is_writing(self) -> bool:
        """Whether there are bytes that its sink did not accept yet."""
        return bool(self._due)

    def receive(self) -> memoryview | None:
        """Return the received bytes; an empty piece is the end, None means nothing yet."""
        try:
            data = self._source.recv(CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        self._held += len(data)
        self._has_ended = not data
        return memoryview(data)

    def forward(self, data: memoryview) -> None:
        """Send a piece that has been delayed long enough."""
        self._due.append(data)
        self.send()

    def send(self) -> None:
        """Send as much as the sink accepts now."""
        while self._due:
            data = self._due.popleft()
            if not data:
                self._end()
                return
            sent = self._sent(data)
            self._held -= sent
            if sent < len(data):
                self._due.appendleft(data[sent:])
                return

    def _sent(self, data: memoryview) -> int:
        if self._is_sink_gone:
            return len(data)  # discard it, so that the source is never blocked
        try:
            return self._sink.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._is_sink_gone = True
            return len(data)

    def _end(self) -> None:
        self.is_done = True
        with contextlib.suppress(OSError):
            self._sink.shutdown(socket.SHUT_WR)
