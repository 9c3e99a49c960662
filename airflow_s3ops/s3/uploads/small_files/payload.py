"""A small file in memory: it is read once, and exactly the bytes that were read are sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.checksum import encoded
from airflow_s3ops.s3.errors import SourceChanged
from airflow_s3ops.s3.files.source import opened_source

if TYPE_CHECKING:
    from airflow_s3ops.s3.checksum import Algorithm
    from airflow_s3ops.s3.files.source import SourceIdentity


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes of a file as they were read, and their checksums.

    :param checksum: in S3's notation.
    :param sha256: in hexadecimal digits, for a signature that covers the content; None if it does not.
    """

    path: str
    data: bytes
    identity: SourceIdentity
    checksum: str
    sha256: str | None

    def check(self) -> None:
        """Check that the file has not changed since it was read.

        :raises SourceChanged: the file changed.
        """
        self.identity.check(self.path)

    def md5(self) -> bytes:
        """Return the MD5 sum, which S3 often uses as the ETag."""
        return hashlib.md5(self.data, usedforsecurity=False).digest()


def read_payload(path: str, algorithm: Algorithm, largest: int, *, for_signing: bool) -> Payload:
    """Read a file that was small when it was found.

    :param largest: bytes.
    :param for_signing: also compute the SHA256.
    :raises SourceNotFound: there is no such file, or it was deleted.
    :raises SourceUnreadable: it is not a regular file, or this process is not allowed to read it.
    :raises SourceChanged: it changed while it was read, or has grown beyond ``largest`` since it was found.
    """
    with opened_source(path) as source:
        if source.identity.size > largest:
            raise SourceChanged(f"The file {path!r} has grown to {source.identity.size:,} bytes")
        data = source.read_whole()
        source.identity.check(path)
    digest = algorithm.new()
    digest.update(data)
    return Payload(
        path=path,
        data=data,
        identity=source.identity,
        checksum=encoded(digest.digest()),
        sha256=hashlib.sha256(data).hexdigest() if for_signing else None,
    )
