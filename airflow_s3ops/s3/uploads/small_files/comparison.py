"""Compare the stored checksum or ETag of an object with the bytes of a small file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.checksum import ALGORITHMS, CompositeDigest, encoded, value_of

if TYPE_CHECKING:
    from airflow_s3ops.s3.burst.response import Response
    from airflow_s3ops.s3.checksum import Digest
    from airflow_s3ops.s3.uploads.small_files.payload import Payload

_MD5 = re.compile(r"([0-9a-f]{32})(-\d+)?")


@dataclass(frozen=True, slots=True)
class StoredChecksum:
    """A checksum of an object.

    :param value: in S3's notation.
    """

    name: str
    value: str

    @property
    def parts(self) -> int:
        """The number of parts of a composite checksum; 1 if it is the checksum of the whole object."""
        return int(self.value.partition("-")[2] or 1)

    def matches(self, payload: Payload, part_size: int) -> bool:
        """Return whether it is the checksum of the payload.

        :param part_size: bytes of each part except the last.
        """
        algorithm = ALGORITHMS[self.name]
        is_composite = "-" in self.value
        digest: Digest = CompositeDigest(algorithm, max(part_size, 1)) if is_composite else algorithm.new()
        digest.update(payload.data)
        return value_of(digest) == self.value


def stored_checksum_of(response: Response) -> StoredChecksum | None:
    """Return the stored checksum; if there is none, the ETag if it is made of MD5 sums; else None."""
    for name, algorithm in ALGORITHMS.items():
        value = response.headers.get(algorithm.header)
        if value:
            return StoredChecksum(name, value)
    etag = _MD5.fullmatch(response.etag or "")
    return StoredChecksum("MD5", encoded(bytes.fromhex(etag[1])) + (etag[2] or "")) if etag else None


def etag_is_md5_of(payload: Payload, response: Response) -> bool:
    """Return whether the ETag is the MD5 sum of the payload. False proves nothing: some ETags are not MD5."""
    return response.etag == payload.md5().hex()
