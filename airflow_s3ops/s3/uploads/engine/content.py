"""The content to store, as bodies of requests: the bytes of a file, unchanged or compressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

from airflow_s3ops.s3.uploads.engine.body import WINDOW, PartBody
from airflow_s3ops.s3.uploads.engine.plan import Part, Plan, plan_upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_s3ops.s3.files.source import Source

READ_SIZE = 1 << 20
# zlib's value for a gzip header around deflate with the largest window. The header contains no time and no
# file name.
GZIP = 16 + zlib.MAX_WBITS
LEVEL = 6


class Content(Protocol):
    """The bytes to store, split into parts."""

    @property
    def source(self) -> Source:
        """The file."""

    @property
    def compress(self) -> str | None:
        """The compression; None if there is none."""

    @property
    def size(self) -> int | None:
        """The total number of bytes; None if it is known only at the end."""

    @property
    def part_size(self) -> int:
        """The bytes of each part except the last."""

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts in order, from the first.

        :param windows: the buffers for the bodies; the caller gives each one back after its body was sent.
        :param check: is called before each block.
        """


class Windows:
    """The buffers of the bodies in flight. They are reused: new memory pages cost more than copying."""

    def __init__(self) -> None:
        self._free: list[memoryview] = []

    def take(self, size: int) -> memoryview:
        """Return a buffer of this many bytes."""
        return self._free.pop() if self._free else memoryview(bytearray(size))

    def give_back(self, window: memoryview) -> None:
        """Return a buffer, so that the next body can use it."""
        self._free.append(window)


class FileContent:
    """The bytes of the file, unchanged."""

    compress = None

    def __init__(self, source: Source, part_size: int | None) -> None:
        self.source = source
        self._plan = plan_upload(source.identity.size, part_size)

    @property
    def size(self) -> int | None:
        """The total number of bytes."""
        return self._plan.size

    @property
    def part_size(self) -> int:
        """The bytes of each part except the last."""
        return self._plan.part_size if not self._plan.is_single else max(1, self._plan.size)

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts; the file is read only when a body is read."""
        plan = Plan(self._plan.size, self.part_size)
        for part in plan.parts():
            window = windows.take(min(self.part_size, WINDOW))
            yield PartBody(part, window, self._reader(part), check, part.size)

    def _reader(self, part: Part) -> Callable[[memoryview, int], None]:
        return lambda buffer, offset: self.source.read_into(buffer, part.offset + offset)


class GzipContent:
    """The bytes of the file in gzip format; the same content always gives the same bytes.

    The compressed size is not known before the end, so each part is compressed as a whole into its window.
    """

    compress = "gzip"

    def __init__(self, source: Source, part_size: int | None) -> None:
        self.source = source
        # Stored (uncompressed) deflate blocks are the worst case: 5 bytes for each 16 KiB at most, plus the
        # header and trailer of gzip.
        self._plan = plan_upload(source.identity.size + source.identity.size // 2048 + 64, part_size)

    @property
    def size(self) -> int | None:
        """None, because it is known only at the end."""
        return None

    @property
    def part_size(self) -> int:
        """The bytes of each part except the last."""
        return self._plan.part_size

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts; each is compressed when it is requested."""
        stream = _GzipStream(self.source, check)
        number, offset, is_last = 0, 0, False
        while not is_last:
            window = windows.take(self.part_size)
            consumed = stream.consumed
            size = stream.fill(window)
            number, is_last = number + 1, stream.is_at_end
            part = Part(number, offset, size, is_last)
            yield PartBody(part, window, _nothing_to_fill, check, stream.consumed - consumed, is_filled=True)
            offset += size


class _GzipStream:
    """Reads a file in order and compresses it. Output that does not fit a window is kept for the next."""

    def __init__(self, source: Source, check: Callable[[], None]) -> None:
        self.consumed = 0
        self._source = source
        self._check = check
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._waiting = memoryview(b"")
        self._is_flushed = False
        self._buffer = memoryview(bytearray(READ_SIZE))

    @property
    def is_at_end(self) -> bool:
        return self._is_flushed and not self._waiting

    def fill(self, window: memoryview) -> int:
        """Fill the window, or fill it up to the end of the content; return the number of bytes."""
        filled = 0
        while filled < len(window) and not self.is_at_end:
            if not self._waiting:
                self._waiting = memoryview(self._more())
            count = min(len(window) - filled, len(self._waiting))
            window[filled : filled + count] = self._waiting[:count]
            self._waiting = self._waiting[count:]
            filled += count
        return filled

    def _more(self) -> bytes:
        self._check()
        count = min(READ_SIZE, self._source.identity.size - self.consumed)
        if not count:
            self._is_flushed = True
            return self._deflate.flush()
        block = self._buffer[:count]
        self._source.read_into(block, self.consumed)
        self.consumed += count
        return self._deflate.compress(block)


def _nothing_to_fill(buffer: memoryview, offset: int) -> None:
    raise AssertionError(f"{len(buffer)} bytes at {offset} should already be in the window")
