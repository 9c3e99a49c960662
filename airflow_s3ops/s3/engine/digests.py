"""The content's checksums, by reading all of it before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_s3ops.s3.checksum import encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_s3ops.s3.checksum import Algorithm, Digest
    from airflow_s3ops.s3.engine.transfer import Transfer


class CutDigest:
    """A COMPOSITE checksum: of the checksums of stretches of one size, as multipart objects have it.

    :param cut: bytes of each stretch but the last.
    """

    def __init__(self, algorithm: Algorithm, cut: int) -> None:
        self._algorithm = algorithm
        self._cut = cut
        self._current = algorithm.new()
        self._room = cut
        self._checksums: list[bytes] = []

    def update(self, data: memoryview | bytes, /) -> None:
        """Take more bytes."""
        while len(data):
            piece = data[: self._room]
            self._current.update(piece)
            data = data[len(piece) :]
            self._room -= len(piece)
            if not self._room:
                self._end_stretch()

    def digest(self) -> bytes:
        """Return the checksum of the checksums."""
        return self._algorithm.of(self._all())

    @property
    def count(self) -> int:
        """The number of stretches."""
        return len(self._all())

    def _all(self) -> list[bytes]:
        is_cut = self._room == self._cut and self._checksums
        return self._checksums if is_cut else [*self._checksums, self._current.digest()]

    def _end_stretch(self) -> None:
        self._checksums.append(self._current.digest())
        self._current = self._algorithm.new()
        self._room = self._cut


def read_through(transfer: Transfer, digests: Sequence[Digest]) -> int:
    """Read the content as it is to be stored, once, into all the digests; return its size.

    :raises SourceChanged: the file changed.
    :raises Stopped: the end was asked for.
    """
    size = 0
    for body in transfer.content.bodies(transfer.windows, transfer.check):
        for block in body.blocks():
            for digest in digests:
                digest.update(block)
            size += len(block)
        transfer.windows.give_back(body.window)
    return size


def value_of(digest: Digest) -> str:
    """Return a digest's value as S3 writes it."""
    text = encoded(digest.digest())
    return f"{text}-{digest.count}" if isinstance(digest, CutDigest) else text
