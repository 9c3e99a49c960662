"""The files of a batch: what to upload, how, and with which outcome."""

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
    """One file, and the key of its object."""

    file: SourceFile
    key: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file whose object exists: it was uploaded, or skipped.

    :param item: with the file's size and ``mtime_ns`` when it was read.
    :param status: ``skipped`` means that the existing object was left unchanged.
    :param size: bytes of the object.
    :param etag: without quotes; None if the object was skipped and this identity is not allowed to HEAD it.
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
    """A file that could not be uploaded, and why."""

    item: UploadItem
    error: S3OpsError


Outcome: TypeAlias = "Uploaded | Failed"


@dataclass(frozen=True)
class BatchArgs:
    """The parameters that all files of one batch share.

    :param extra_args: checked; without the condition that ``if_exists`` adds. They have a ``ContentType``
        only if the user gave one; otherwise each file has its own.
    """

    bucket: str
    extra_args: Mapping[str, Any]
    algorithm: Algorithm
    if_exists: IfExists = "replace"


class UploadPath(Protocol):
    """A way to upload many files."""

    def send(self, items: Iterator[UploadItem]) -> Iterator[Outcome]:
        """Upload the files, and yield one outcome for each, in the order in which they finish.

        The next file is taken from ``items`` only when there is room for it, so memory does not grow with the
        number of files.

        :raises S3OpsError: an error that every other file would meet, too: wrong credentials, no such bucket,
            a wrong region, a cancellation. An error of one file is its outcome, and is not raised.
        """
