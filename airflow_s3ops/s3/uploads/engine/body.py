"""The body of one request: a stretch of the source, sent in blocks through a window of bounded memory."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, NoReturn

from airflow_s3ops.s3.checksum import crc64nvme
from airflow_s3ops.s3.errors import S3OpsError, SourceChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_s3ops.s3.checksum import Algorithm
    from airflow_s3ops.s3.uploads.engine.plan import Part

# One block is one send: the socket's time-out counts anew for each, so that a slow line is not taken for a
# dead one, however large the part. It is also how soon a stop is seen: docs/design-of-transfers.md.
BLOCK = 1 << 20
# A part up to this size is read once and held; a larger one is read again for each pass.
WINDOW = 16 << 20
_NOTHING = memoryview(b"")


class BodyAbortedError(CancelledError):
    """Ends a request from inside its body; botocore lets a CancelledError through without retrying.

    The reason is the body's ``failure``.
    """


class PartBody:
    """A file-like body that botocore can sign, send, and send again.

    :param part: which stretch of the source it is.
    :param window: the memory to read through; it is the body's own until the request has ended.
    :param fill: fills a buffer with the source's bytes from an offset in the part on.
    :param check: called before each block; what it raises ends the request.
    :param source_bytes: how many bytes of the file it stands for.
    :param is_filled: the window holds the whole part already.
    """

    def __init__(
        self,
        part: Part,
        window: memoryview,
        fill: Callable[[memoryview, int], None],
        check: Callable[[], None],
        source_bytes: int,
        *,
        is_filled: bool = False,
    ) -> None:
        self.part = part
        self.window = window
        self.source_bytes = source_bytes
        self.failure: S3OpsError | None = None
        self.sha256: str | None = None  # of the whole part, as hexadecimal digits, if it was asked for
        # Whether S3 is asked ("Expect: 100-continue") before the body is sent. That costs a round trip, so a
        # part's first try does without; but who refuses a body unread may break the connection before it is
        # heard.
        self.asks_first = True
        self._fill = fill
        self._check = check
        self._held = window[: part.size] if is_filled else _NOTHING  # the stretch that the window holds now
        self._start = 0  # where in the part it begins
        self._position = 0
        self._crc = 0  # of what was read since the last rewind
        self._expected_crc: int | None = None

    def __len__(self) -> int:
        """Return the body's length, for Content-Length."""
        return self.part.size

    def checksum(self, algorithm: Algorithm, *, for_signing: bool = False) -> bytes:
        """Read the part and return its checksum; what is sent later must be the same bytes.

        :param for_signing: take the SHA256 that the signature needs along.
        :raises SourceChanged: the file has become too short.
        """
        digest = algorithm.new()
        sha256 = hashlib.sha256() if for_signing else None
        crc = 0
        for block in self.blocks():
            digest.update(block)
            crc = crc64nvme(block, crc)
            if sha256:
                sha256.update(block)
        self._expected_crc = crc
        self.sha256 = sha256.hexdigest() if sha256 else None
        return digest.digest()

    def blocks(self) -> Iterator[memoryview]:
        """Yield the bytes of the part in order; a block is good until the next one."""
        offset = 0
        while offset < self.part.size:
            block = self._block(offset)
            yield block
            offset += len(block)

    def read(self, size: int | None = -1) -> bytes | memoryview:
        """Return the next block, whatever ``size`` says: urllib3 asks for 16 KiB and sends what it gets.

        Without a size, as moto and others ask who answer requests in this process, it is all that is left.

        :raises BodyAbortedError: the source changed, or the upload is to stop.
        """
        if size is None or size < 0:
            return b"".join(map(bytes, iter(self._next, _NOTHING)))  # a block is good until the next one
        return self._next()

    def _next(self) -> memoryview:
        if self.failure:
            self._abort(self.failure)
        try:
            block = self._block(self._position)
        except S3OpsError as error:
            self._abort(error)
        self._position += len(block)
        self._crc = crc64nvme(block, self._crc)
        if self._position == self.part.size and self._expected_crc not in (None, self._crc):
            self._abort(SourceChanged("The file's bytes changed between two readings of one part"))
        return block

    def readinto1(self, buffer: memoryview) -> int:
        """Fill a buffer, for the signer: on http it hashes the payload 4 KiB at a time, so this is hot.

        A failure ends the stream, since the signer hides exceptions; the first ``read`` then raises it.
        """
        at = self._position - self._start
        piece = self._held[at : at + len(buffer)] if at >= 0 else _NOTHING
        if not piece and self._position < self.part.size:
            try:
                piece = self._refilled(self._position)[: len(buffer)]
            except S3OpsError as error:
                self.failure = error
        count = len(piece)
        buffer[:count] = piece
        self._position += count
        return count

    readinto = readinto1

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position: botocore rewinds before it sends, and before it sends again."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.part.size}[whence]
        self._position = base + offset
        self._crc = 0
        return self._position

    def _block(self, offset: int) -> memoryview:
        self._check()
        at = offset - self._start
        block = self._held[at : at + BLOCK] if at >= 0 else _NOTHING
        if not block and offset < self.part.size:
            block = self._refilled(offset)[:BLOCK]
        return block

    def _refilled(self, offset: int) -> memoryview:
        self._held = _NOTHING
        held = self.window[: self.part.size - offset]
        self._fill(held, offset)
        self._held, self._start = held, offset
        return held

    def _abort(self, error: S3OpsError) -> NoReturn:
        self.failure = error
        raise BodyAbortedError(str(error)) from error
