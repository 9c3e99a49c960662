"""One side of a connection: heads, bodies and resets over a socket.

Not `http.server`: faults need the socket itself (to reset it), and heads must be forwarded byte by byte, so
that signatures stay valid.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.messages import Framing

BUFFER = 1 << 20  # large, for throughput: each piece costs two system calls and a thread switch
MAX_HEAD = 1 << 20
# SO_LINGER with a time-out of zero: closing drops unsent bytes and sends RST instead of FIN.
LINGER_ZERO = struct.pack("ii", 1, 0)


class BufferedSocket:
    """A connected socket with a buffer for bytes that were read from it too early."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connected
        self._early = bytearray()
        self._piece = memoryview(bytearray(0))

    def read_head(self) -> bytes | None:
        """Read up to and including the empty line; None when the other side has closed between messages."""
        end = self._find(b"\r\n\r\n")
        if end is None:
            if self._early:
                raise ConnectionResetError("closed in the middle of a head")
            return None
        return self._take(end)

    def read_body(self, framing: Framing) -> Iterator[memoryview]:
        """Yield the payload without the framing of chunks; each piece is valid until the next one is read.

        Trailers of a chunked body are dropped. S3's trailing checksums are not such trailers: they are part
        of the payload.
        """
        if framing == "chunked":
            while size := int(self._line().split(b";")[0], 16):
                yield from self._exactly(size)
                self._line()
            while self._line() != b"\r\n":
                pass
        elif framing == "until close":
            while piece := self._some(BUFFER):
                yield piece
        else:
            yield from self._exactly(framing)

    def write(self, data: bytes | memoryview) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def write_body(self, pieces: Iterator[memoryview], framing: Framing) -> None:
        """Send a payload with this framing."""
        for piece in pieces:
            if framing == "chunked":
                self.write(b"%x\r\n" % len(piece))
                self.write(piece)
                self.write(b"\r\n")
            else:
                self.write(piece)
        if framing == "chunked":
            self.write(b"0\r\n\r\n")

    def readable(self, within: float) -> bool:
        """Whether there are bytes to read, or the connection's end."""
        if self._early or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            return True
        poll = select.poll()  # not select(): it fails from the 1024th open file on
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(within * 1000))

    def wait_for_end(self) -> None:
        """Read and discard everything until the other side closes the connection."""
        while self._some(BUFFER):
            pass

    def interrupt(self) -> None:
        """Wake up a thread that reads or writes here; it sees the end of the connection."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def close(self) -> None:
        """Close the connection normally."""
        self._socket.close()

    def reset(self) -> None:
        """Reset the connection: the other side sees "connection reset by peer"."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        except OSError:
            return  # it is closed already
        self._socket.close()

    def _find(self, mark: bytes) -> int | None:
        searched = 0
        while (found := self._early.find(mark, searched)) < 0:
            if len(self._early) > MAX_HEAD:
                raise ConnectionError("the head has no end")
            searched = max(0, len(self._early) - len(mark) + 1)
            data = self._socket.recv(65536)
            if not data:
                return None
            self._early += data
        return found + len(mark)

    def _line(self) -> bytes:
        end = self._find(b"\n")
        if end is None:
            raise ConnectionResetError("closed in the middle of a body")
        return self._take(end)

    def _take(self, size: int) -> bytes:
        data = bytes(self._early[:size])
        del self._early[:size]
        return data

    def _exactly(self, size: int) -> Iterator[memoryview]:
        while size > 0:
            piece = self._some(min(size, BUFFER))
            if not piece:
                raise ConnectionResetError("closed in the middle of a body")
            size -= len(piece)
            yield piece

    def _some(self, limit: int) -> memoryview:
        if self._early:
            return memoryview(bytearray(self._take(limit)))
        if len(self._piece) < limit:
            self._piece = memoryview(bytearray(BUFFER))
        return self._piece[: self._socket.recv_into(self._piece[:limit])]
