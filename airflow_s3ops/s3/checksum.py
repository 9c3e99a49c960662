"""S3's checksums: computed piece by piece, encoded in S3's format, and combined from the parts' checksums.

The User Guide has the form of each algorithm: "Checking object integrity in Amazon S3". A FULL_OBJECT
checksum is the checksum of all bytes, whether they were sent in parts or not. A COMPOSITE checksum is the
checksum of the parts' checksums.
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
    """A checksum that is computed piece by piece."""

    def update(self, data: memoryview | bytes, /) -> None:
        """Add more bytes."""

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far, big-endian."""


class Crc:
    """A cyclic redundancy check, with the interface of hashlib."""

    def __init__(self, function: Callable[[memoryview | bytes, int], int], width: int) -> None:
        self._function = function
        self._width = width
        self._value = 0

    def update(self, data: memoryview | bytes, /) -> None:
        """Add more bytes."""
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        """Return the value as S3 uses it: big-endian."""
        return self._value.to_bytes(self._width, "big")


@dataclass(frozen=True)
class Algorithm:
    """One of S3's checksum algorithms.

    :param name: S3's name, such as ``CRC64NVME``.
    :param new: creates an empty digest.
    :param join: for a CRC: returns the checksum of two consecutive byte ranges, from the checksum of each and
        the length of the second.
    """

    name: str
    new: Callable[[], Digest]
    join: Callable[[int, int, int], int] | None = None

    @property
    def member(self) -> str:
        """The name of the request and response member that has its value."""
        return f"Checksum{self.name}"

    @property
    def header(self) -> str:
        """The name of the HTTP header of that member, in lower case."""
        return f"x-amz-checksum-{self.name.lower()}"

    @property
    def form(self) -> Form:
        """The default form for multipart uploads."""
        return "FULL_OBJECT" if self.join else "COMPOSITE"

    def of(self, pieces: Iterable[memoryview | bytes]) -> bytes:
        """Return the checksum of the joined pieces."""
        digest = self.new()
        for piece in pieces:
            digest.update(piece)
        return digest.digest()


class CompositeDigest:
    """A COMPOSITE checksum, as multipart objects have it: the checksum of the checksums of parts.

    :param part_size: bytes of each part except the last.
    """

    def __init__(self, algorithm: Algorithm, part_size: int) -> None:
        self._algorithm = algorithm
        self._part_size = part_size
        self._current = algorithm.new()
        self._missing = part_size
        self._checksums: list[bytes] = []

    def update(self, data: memoryview | bytes, /) -> None:
        """Add more bytes."""
        while len(data):
            piece = data[: self._missing]
            self._current.update(piece)
            data = data[len(piece) :]
            self._missing -= len(piece)
            if not self._missing:
                self._end_part()

    def digest(self) -> bytes:
        """Return the checksum of the checksums."""
        return self._algorithm.of(self._all())

    @property
    def count(self) -> int:
        """The number of parts."""
        return len(self._all())

    def _all(self) -> list[bytes]:
        is_complete = self._missing == self._part_size and self._checksums
        return self._checksums if is_complete else [*self._checksums, self._current.digest()]

    def _end_part(self) -> None:
        self._checksums.append(self._current.digest())
        self._current = self._algorithm.new()
        self._missing = self._part_size


@dataclass(frozen=True)
class PartChecksum:
    """The checksum of a part, and the part's size in bytes."""

    checksum: bytes
    size: int


def algorithm_named(name: str) -> Algorithm:
    """Return the algorithm with this name of S3's.

    :raises InvalidInput: the name is none of those in :data:`ALGORITHMS`.
    """
    try:
        return ALGORITHMS[name]
    except (KeyError, TypeError):
        raise InvalidInput(
            f"The checksum algorithm {name!r} is none of {', '.join(ALGORITHMS)}",
        ) from None


def whole(algorithm: Algorithm, form: Form, part_checksums: Iterable[PartChecksum]) -> str:
    """Return the object's checksum, in S3's format, from its parts' checksums in order.

    :param form: ``FULL_OBJECT`` for a CRC only.
    """
    if form == "FULL_OBJECT":
        return encoded(combined(algorithm, part_checksums))
    checksums = [part_checksum.checksum for part_checksum in part_checksums]
    return f"{encoded(algorithm.of(checksums))}-{len(checksums)}"


def combined(algorithm: Algorithm, part_checksums: Iterable[PartChecksum]) -> bytes:
    """Return the CRC of all bytes from the CRCs of consecutive parts, without reading the bytes again."""
    if algorithm.join is None:
        raise TypeError(f"{algorithm.name} cannot be combined")
    empty = algorithm.new().digest()
    value = int.from_bytes(empty, "big")
    for part_checksum in part_checksums:
        value = algorithm.join(value, int.from_bytes(part_checksum.checksum, "big"), part_checksum.size)
    return value.to_bytes(len(empty), "big")


def encoded(checksum: bytes) -> str:
    """Return a checksum in S3's format: base64."""
    return base64.b64encode(checksum).decode()


def value_of(digest: Digest) -> str:
    """Return a digest's value in S3's format."""
    text = encoded(digest.digest())
    return f"{text}-{digest.count}" if isinstance(digest, CompositeDigest) else text


def crc64nvme(data: memoryview, previous: int = 0) -> int:
    """Return the CRC64NVME of all bytes so far.

    :param previous: the CRC64NVME of the bytes before ``data``.
    """
    return int(crt.crc64nvme(data, previous))


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("CRC64NVME", partial(Crc, crt.crc64nvme, 8), crt.combine_crc64nvme),
        Algorithm("CRC32C", partial(Crc, crt.crc32c, 4), crt.combine_crc32c),
        Algorithm("CRC32", partial(Crc, crt.crc32, 4), crt.combine_crc32),
        Algorithm("SHA256", hashlib.sha256),
        # S3 supports these two weak algorithms; here they do not protect secrets.
        Algorithm("SHA1", partial(hashlib.sha1, usedforsecurity=False)),
        Algorithm("SHA512", hashlib.sha512),
        Algorithm("MD5", partial(hashlib.md5, usedforsecurity=False)),
    )
}
