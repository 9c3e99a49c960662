"""A small file in memory: read once, and what is sent are those very bytes."""

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
    """A file's bytes as they were read, and what is known of them.

    :param checksum: as S3 writes it.
    :param sha256: in hexadecimal digits, for a signature that covers the content; None if none does.
    """

    path: str
    data: bytes
    identity: SourceIdentity
    checksum: str
    sha256: str | None

    def check(self) -> None:
        """Look whether the file is still what was read.

        :raises SourceChanged: it is not.
        """
        self.identity.check(self.path)

    def md5(self) -> bytes:
        """Return the MD5 sum, which S3 often makes ETags of."""
        return hashlib.md5(self.data, usedforsecurity=False).digest()


def read_payload(path: str, algorithm: Algorithm, largest: int, *, for_signing: bool) -> Payload:
    """Read a file that was small when it was found.

    :param largest: bytes.
    :param for_signing: take the SHA256 along.
    :raises SourceNotFound: there is no such file (any more).
    :raises SourceUnreadable: it is no regular file, or may not be read.
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
