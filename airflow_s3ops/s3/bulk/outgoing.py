"""Many files on their way to one bucket: what is to be sent, how, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from airflow_s3ops.s3 import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_s3ops.s3.checksum import Algorithm
    from airflow_s3ops.s3.engine.upload_args import IfExists
    from airflow_s3ops.s3.results import ObjectChecksum
    from airflow_s3ops.s3.sources import SourceFile


# No other file would survive these either.
FATAL = (
    errors.CredentialsMissing,
    errors.CredentialsRejected,
    errors.CredentialsExpired,
    errors.BucketNotFound,
    errors.BucketNotMine,
    errors.BucketInOtherRegion,
    errors.Stopped,
)
# So many files in a row given up after all their tries, and none sent meanwhile: the server is away.
AWAY = (errors.NetworkError, errors.ServerError, errors.Throttled)
GIVEN_UP = 20


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One file and the key that it is to have."""

    file: SourceFile
    key: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file whose object is there.

    :param outgoing: with the file's size and ``mtime_ns`` as it was read.
    :param status: ``skipped``: what is there was left as it is.
    :param size: bytes of the object.
    :param etag: without quotes; None if a skipped object may not be looked at.
    :param checksum: None if nothing was compared (``if_exists="skip"``).
    """

    outgoing: Outgoing
    status: Literal["uploaded", "skipped"]
    size: int
    etag: str | None
    version_id: str | None
    checksum: ObjectChecksum | None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A file that could not be sent, and why."""

    outgoing: Outgoing
    error: errors.S3OpsError


@dataclass(frozen=True)
class BatchArgs:
    """What all files of one batch have in common.

    :param extra_args: checked ones, without what follows from ``if_exists``; a ``ContentType`` only if the
        user gave one, for otherwise each file has its own.
    """

    bucket: str
    extra_args: Mapping[str, Any]
    algorithm: Algorithm
    if_exists: IfExists = "replace"


class Road(Protocol):
    """A way to send many files."""

    def send(self, outgoing: Iterator[Outgoing]) -> Iterator[Delivered | Undelivered]:
        """Send the files, and yield one outcome for each, in the order in which they end.

        The input is pulled as there is room, so memory stays flat however many files there are.

        :raises S3OpsError: what no other file would survive either: credentials, no such bucket, a wrong
            region, a stop. One file's fault is its outcome.
        """
