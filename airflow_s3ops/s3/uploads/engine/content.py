"""What is stored, as bodies of requests: a file's bytes as they are, or compressed on the way."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

from airflow_s3ops.s3.uploads.engine.body import WINDOW, PartBody
from airflow_s3ops.s3.uploads.engine.plan import Part, Plan, plan_upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_s3ops.s3.files.source import Source

READ_SIZE = 1 << 20
# zlib's own number for a gzip header around deflate with the largest window. The header has no time and no
# name.
GZIP = 16 + zlib.MAX_WBITS
LEVEL = 6


class Content(Protocol):
    """Bytes to be stored, cut into parts."""

    @property
    def source(self) -> Source:
        """The file."""

    @property
    def compress(self) -> str | None:
        """How it is compressed on the way; None if it is not."""

    @property
    def size(self) -> int | None:
        """Bytes in all; None if that is known at the end only."""

    @property
    def part_size(self) -> int:
        """Bytes of every part but the last."""

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts in order, from the beginning.

        :param windows: where each body takes its memory from; who has sent it gives that back.
        :param check: what a body calls before each block.
        """


class Windows:
    """Resumption for the bodies under way, used again: fresh pages cost more than copying into old ones."""

    def __init__(self) -> None:
        self._free: list[memoryview] = []

    def take(self, size: int) -> memoryview:
        """Return so many bytes of memory."""
        return self._free.pop() if self._free else memoryview(bytearray(size))

    def give_back(self, window: memoryview) -> None:
        """Let the next body have it."""
        self._free.append(window)


class FileContent:
    """The file's own bytes."""

    compress = None

    def __init__(self, source: Source, part_size: int | None) -> None:
        self.source = source
        self._plan = plan_upload(source.identity.size, part_size)

    @property
    def size(self) -> int | None:
        """Bytes in all."""
        return self._plan.size

    @property
    def part_size(self) -> int:
        """Bytes of every part but the last."""
        return self._plan.part_size if not self._plan.is_single else max(1, self._plan.size)

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts; nothing is read before their bodies are."""
        plan = Plan(self._plan.size, self.part_size)
        for part in plan.parts():
            window = windows.take(min(self.part_size, WINDOW))
            yield PartBody(part, window, self._reader(part), check, part.size)

    def _reader(self, part: Part) -> Callable[[memoryview, int], None]:
        return lambda buffer, offset: self.source.read_into(buffer, part.offset + offset)


class GzipContent:
    """The file's bytes in gzip's format: the same file gives the same bytes.

    How many they will be is not known before the end, so a part is compressed into its window, whole.
    """

    compress = "gzip"

    def __init__(self, source: Source, part_size: int | None) -> None:
        self.source = source
        # Deflate's stored blocks are the worst case: 5 bytes for each 16 KiB at most, and gzip's frame.
        self._plan = plan_upload(source.identity.size + source.identity.size // 2048 + 64, part_size)

    @property
    def size(self) -> int | None:
        """None: it is known at the end only."""
        return None

    @property
    def part_size(self) -> int:
        """Bytes of every part but the last."""
        return self._plan.part_size

    def bodies(self, windows: Windows, check: Callable[[], None]) -> Iterator[PartBody]:
        """Yield the parts, each compressed when it is asked for."""
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
    """A file read in order and compressed; what does not fit into one window waits for the next."""

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
        """Fill the window as far as there is something; return how far."""
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
    raise AssertionError(f"{len(buffer)} bytes at {offset} were to be in the window already")
