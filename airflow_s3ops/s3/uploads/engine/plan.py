"""Decide how a file is sent: in one PUT, or in parts within S3's limits.

Limits: "Amazon S3 multipart upload limits" in the Amazon S3 User Guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
MIN_PART_SIZE = 5 * MIB
MAX_PART_SIZE = 5 * 1024 * MIB
MAX_PARTS = 10_000
MAX_OBJECT_SIZE = MAX_PARTS * MAX_PART_SIZE
MAX_PUT_SIZE = 5_000_000_000
# Measured: docs/design-of-transfers.md.
DEFAULT_PART_SIZE = 16 * MIB


@dataclass(frozen=True)
class Part:
    """A range of the source.

    :param number: from 1 to 10,000.
    :param offset: the position of its first byte.
    :param size: bytes.
    :param is_last: it is the last part.
    """

    number: int
    offset: int
    size: int
    is_last: bool


@dataclass(frozen=True)
class Plan:
    """How a size is split: each part has ``part_size`` bytes, except the last, which has the rest."""

    size: int
    part_size: int

    @property
    def is_single(self) -> bool:
        """Whether one PUT is enough."""
        return self.size <= min(self.part_size, MAX_PUT_SIZE)

    @property
    def count(self) -> int:
        """The number of parts; an empty file is one empty part."""
        return max(1, -(-self.size // self.part_size))

    def parts(self) -> Iterator[Part]:
        """Yield the parts in order, which is also the order of their bytes."""
        for index in range(self.count):
            offset = index * self.part_size
            size = min(self.part_size, self.size - offset)
            yield Part(index + 1, offset, size, is_last=index + 1 == self.count)


def plan_upload(size: int, part_size: int | None = None) -> Plan:
    """Return the plan for a number of bytes.

    Parts are larger than requested if more than 10,000 would be needed.

    :param part_size: the requested bytes of a part, from 5 MiB to 5 GiB; None means 16 MiB.
    :raises InvalidInput: the part size is out of bounds, or the size is more than S3 stores in one object
        (10,000 parts of 5 GiB).
    """
    requested = DEFAULT_PART_SIZE if part_size is None else checked_part_size(part_size)
    if size > MAX_OBJECT_SIZE:
        raise InvalidInput(
            f"The file has {size:,} bytes; S3 stores at most {MAX_OBJECT_SIZE:,} in one object",
            advice="Split the file; nothing was sent.",
        )
    return Plan(size, requested if size <= requested * MAX_PARTS else _least_part_size(size))


def checked_part_size(part_size: int) -> int:
    """Return the part size, if S3 accepts parts of this size.

    :raises InvalidInput: it is not a whole number from 5 MiB to 5 GiB.
    """
    is_number = isinstance(part_size, int) and not isinstance(part_size, bool)
    if not is_number or not MIN_PART_SIZE <= part_size <= MAX_PART_SIZE:
        raise InvalidInput(
            f"part_size={part_size!r} is not a whole number of bytes from {MIN_PART_SIZE} (5 MiB) "
            f"to {MAX_PART_SIZE} (5 GiB)"
        )
    return part_size


def _least_part_size(size: int) -> int:
    whole_mebibytes = -(-size // (MAX_PARTS * MIB))
    return whole_mebibytes * MIB
