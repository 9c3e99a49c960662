"""Whether what S3 says of an object is true of a small file's bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.checksum import ALGORITHMS, encoded
from airflow_s3ops.s3.engine.digests import CutDigest, value_of

if TYPE_CHECKING:
    from airflow_s3ops.s3.bulk.answer import Answer
    from airflow_s3ops.s3.bulk.parcel import Parcel
    from airflow_s3ops.s3.checksum import Digest

_MD5 = re.compile(r"([0-9a-f]{32})(-\d+)?")


@dataclass(frozen=True, slots=True)
class Claim:
    """A checksum of an object.

    :param value: as S3 writes it.
    """

    name: str
    value: str

    @property
    def parts(self) -> int:
        """The number of parts whose checksums it is made of; 1 if it is that of the whole."""
        return int(self.value.partition("-")[2] or 1)

    def holds(self, parcel: Parcel, cut: int) -> bool:
        """Whether it is the parcel's.

        :param cut: bytes of each part but the last.
        """
        algorithm = ALGORITHMS[self.name]
        is_composite = "-" in self.value
        digest: Digest = CutDigest(algorithm, max(cut, 1)) if is_composite else algorithm.new()
        digest.update(parcel.data)
        return value_of(digest) == self.value


def claim_of(answer: Answer) -> Claim | None:
    """Return the stored checksum; without one, the ETag where it is made of MD5 sums; else None."""
    for name, algorithm in ALGORITHMS.items():
        value = answer.headers.get(algorithm.header)
        if value:
            return Claim(name, value)
    etag = _MD5.fullmatch(answer.etag or "")
    return Claim("MD5", encoded(bytes.fromhex(etag[1])) + (etag[2] or "")) if etag else None


def proven_by_etag(answer: Answer, parcel: Parcel) -> bool:
    """Whether the ETag is the MD5 sum of the parcel's bytes. If not, that says nothing."""
    return answer.etag == parcel.md5().hex()
