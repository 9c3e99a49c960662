"""S3's checksums: computed in pieces, written as S3 writes them, and combined from parts to the whole.

Which algorithm has which form: "Checking object integrity in Amazon S3" in the Amazon S3 User Guide. A
FULL_OBJECT checksum is that of the bytes, however they were sent; a COMPOSITE one is the checksum of the
parts' checksums.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from awscrt import checksums as crt

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Form = Literal["FULL_OBJECT", "COMPOSITE"]


class Digest(Protocol):
    """A checksum that grows with the bytes."""

    def update(self, data: memoryview | bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far, big-endian."""


class Crc:
    """A cyclic redundancy check, with the interface of hashlib."""

    def __init__(self, function: Callable[[memoryview | bytes, int], int], width: int) -> None:
        self._function = function
        self._width = width
        self._value = 0

    def update(self, data: memoryview | bytes, /) -> None:
        """Take more bytes."""
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        """Return the value as S3 counts it: big-endian."""
        return self._value.to_bytes(self._width, "big")


@dataclass(frozen=True)
class Algorithm:
    """One of S3's checksum algorithms.

    :param name: S3's name, such as ``CRC64NVME``.
    :param new: makes an empty digest.
    :param join: for a CRC: the checksum of two stretches side by side, from theirs and the second one's
        length.
    """

    name: str
    new: Callable[[], Digest]
    join: Callable[[int, int, int], int] | None = None

    @property
    def member(self) -> str:
        """The name of the request and answer member that holds its value."""
        return f"Checksum{self.name}"

    @property
    def header(self) -> str:
        """The name of the header that the member travels as, in lower case."""
        return f"x-amz-checksum-{self.name.lower()}"

    @property
    def form(self) -> Form:
        """The form that multipart objects get, unless another is asked for."""
        return "FULL_OBJECT" if self.join else "COMPOSITE"

    def of(self, pieces: Iterable[memoryview | bytes]) -> bytes:
        """Return the checksum of the pieces, one after the other."""
        digest = self.new()
        for piece in pieces:
            digest.update(piece)
        return digest.digest()


class CompositeDigest:
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


@dataclass(frozen=True)
class PartChecksum:
    """The checksum of so many bytes that follow one another."""

    checksum: bytes
    size: int


def algorithm_named(name: str) -> Algorithm:
    """Return the algorithm of S3's name.

    :raises InvalidInput: none of those that are computed here.
    """
    try:
        return ALGORITHMS[name]
    except (KeyError, TypeError):
        raise InvalidInput(
            f"The checksum algorithm {name!r} is none of {', '.join(ALGORITHMS)}",
        ) from None


def whole(algorithm: Algorithm, form: Form, part_checksums: Iterable[PartChecksum]) -> str:
    """Return the object's checksum from its parts' checksums, in order, as S3 writes it.

    :param form: ``FULL_OBJECT`` for a CRC only.
    """
    if form == "FULL_OBJECT":
        return encoded(combined(algorithm, part_checksums))
    checksums = [part_checksum.checksum for part_checksum in part_checksums]
    return f"{encoded(algorithm.of(checksums))}-{len(checksums)}"


def combined(algorithm: Algorithm, part_checksums: Iterable[PartChecksum]) -> bytes:
    """Return the CRC of all bytes from the CRCs of consecutive stretches, without reading a byte again."""
    if algorithm.join is None:
        raise TypeError(f"{algorithm.name} cannot be combined")
    empty = algorithm.new().digest()
    value = int.from_bytes(empty, "big")
    for part_checksum in part_checksums:
        value = algorithm.join(value, int.from_bytes(part_checksum.checksum, "big"), part_checksum.size)
    return value.to_bytes(len(empty), "big")


def encoded(checksum: bytes) -> str:
    """Return a checksum as S3 writes it: base64."""
    return base64.b64encode(checksum).decode()


def value_of(digest: Digest) -> str:
    """Return a digest's value as S3 writes it."""
    text = encoded(digest.digest())
    return f"{text}-{digest.count}" if isinstance(digest, CompositeDigest) else text


def crc64nvme(data: memoryview, previous: int = 0) -> int:
    """Return the CRC64NVME of more bytes after those that gave ``previous``."""
    return int(crt.crc64nvme(data, previous))


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("CRC64NVME", partial(Crc, crt.crc64nvme, 8), crt.combine_crc64nvme),
        Algorithm("CRC32C", partial(Crc, crt.crc32c, 4), crt.combine_crc32c),
        Algorithm("CRC32", partial(Crc, crt.crc32, 4), crt.combine_crc32),
        Algorithm("SHA256", hashlib.sha256),
        # S3 takes these by name, and they protect nothing secret here.
        Algorithm("SHA1", partial(hashlib.sha1, usedforsecurity=False)),
        Algorithm("SHA512", hashlib.sha512),
        Algorithm("MD5", partial(hashlib.md5, usedforsecurity=False)),
    )
}
