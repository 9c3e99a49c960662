"""Many files on their way to one bucket: what is to be sent, how, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_s3ops.s3.checksum import Algorithm
    from airflow_s3ops.s3.errors import S3OpsError
    from airflow_s3ops.s3.files.walk import SourceFile
    from airflow_s3ops.s3.results import ObjectChecksum
    from airflow_s3ops.s3.uploads.engine.args import IfExists


@dataclass(frozen=True, slots=True)
class UploadItem:
    """One file and the key that it is to have."""

    file: SourceFile
    key: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file whose object is there.

    :param item: with the file's size and ``mtime_ns`` as it was read.
    :param status: ``skipped``: what is there was left as it is.
    :param size: bytes of the object.
    :param etag: without quotes; None if a skipped object may not be looked at.
    :param checksum: None if nothing was compared (``if_exists="skip"``).
    """

    item: UploadItem
    status: Literal["uploaded", "skipped"]
    size: int
    etag: str | None
    version_id: str | None
    checksum: ObjectChecksum | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be sent, and why."""

    item: UploadItem
    error: S3OpsError


Outcome: TypeAlias = "Uploaded | Failed"


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


class UploadPath(Protocol):
    """A way to send many files."""

    def send(self, items: Iterator[UploadItem]) -> Iterator[Outcome]:
        """Send the files, and yield one outcome for each, in the order in which they end.

        The input is pulled as there is room, so memory stays flat however many files there are.

        :raises S3OpsError: what no other file would survive either: credentials, no such bucket, a wrong
            region, a stop. One file's fault is its outcome.
        """
