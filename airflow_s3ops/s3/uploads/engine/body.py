"""The body of one request: a range of the source, sent in blocks through a window (a bounded buffer)."""

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

# One block is one send. The socket's time-out starts again with each, so a slow connection is not taken for a
# dead one, however large the part. A cancellation is checked before each block, too:
# docs/design-of-transfers.md.
BLOCK = 1 << 20
# A part up to this size is read once and kept in memory; a larger one is read again for each pass.
WINDOW = 16 << 20
_NOTHING = memoryview(b"")


class BodyAbortedError(CancelledError):
    """Ends a request from inside its body: botocore passes a CancelledError on and does not retry.

    The reason is in the body's ``failure``.
    """


class PartBody:
    """A file-like body that botocore can sign, send, and send again.

    :param part: the range of the source.
    :param window: the buffer to read into; only this body uses it until the request has ended.
    :param fill: fills a buffer with the part's bytes, starting at an offset within the part.
    :param check: called before each block; an exception that it raises ends the request.
    :param source_bytes: the number of bytes of the file that the body contains.
    :param is_filled: the window already contains the whole part.
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
        self.sha256: str | None = None  # of the whole part, in hexadecimal digits, if it was computed
        # Whether the request has "Expect: 100-continue", so that S3 can refuse it before the body is sent. It
        # costs a round trip, so the first try of a part does without it. But without it a server that refuses
        # a body may close the connection before its response is read.
        self.expects_continue = True
        self._fill = fill
        self._check = check
        self._held = window[: part.size] if is_filled else _NOTHING  # the bytes that the window contains now
        self._start = 0  # the offset of those bytes in the part
        self._position = 0
        self._crc = 0  # of the bytes read since the last rewind
        self._expected_crc: int | None = None

    def __len__(self) -> int:
        """Return the length of the body, for Content-Length."""
        return self.part.size

    def checksum(self, algorithm: Algorithm, *, for_signing: bool = False) -> bytes:
        """Read the part and return its checksum. The bytes that are sent later are compared with it.

        :param for_signing: also compute the SHA256 that the signature needs.
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
        """Yield the bytes of the part in order; a block is valid until the next one is requested."""
        offset = 0
        while offset < self.part.size:
            block = self._block(offset)
            yield block
            offset += len(block)

    def read(self, size: int | None = -1) -> bytes | memoryview:
        """Return the next block, whatever ``size`` is: urllib3 requests 16 KiB, and sends what it receives.

        Without a size, as moto and other interceptors in this process call it, return all remaining bytes.

        :raises BodyAbortedError: the source changed, or the upload was cancelled.
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
        """Fill a buffer, for the signer. On http it hashes the payload 4 KiB at a time, so this must be fast.

        The signer hides exceptions, so a failure ends the stream here, and the first ``read`` raises it.
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
        """Go to a position: botocore rewinds before each send."""
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
