"""List and abort open multipart uploads: those that were started, but neither completed nor aborted.

S3 stores their parts, and bills them, until the upload is completed or aborted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import InvalidInput, RequestRejected, UploadNotFound
from airflow_s3ops.s3.listings.pages import PAGE_SIZE, request_page, translated_parse_errors
from airflow_s3ops.s3.requests.cancellation import raise_if_cancelled
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.requests.xml import parse_time
from airflow_s3ops.s3.requests.xml_operations import UPLOADS

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import timedelta

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.xml import Document


@dataclass(frozen=True, slots=True)
class UploadEntry:
    """An open multipart upload.

    :param initiated: when it was started, with its time zone.
    """

    key: str
    upload_id: str
    initiated: datetime


def list_uploads(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[UploadEntry]:
    """Yield the open multipart uploads of a bucket (ListMultipartUploads).

    :param prefix: only keys that begin with it.
    :param page_size: uploads per request, up to 1,000.
    :param stop: checked before each request.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: ``s3:ListBucketMultipartUploads`` is missing.
    :raises Stopped: ``stop`` is set.
    """
    request: dict[str, Any] = {"Bucket": bucket, "MaxUploads": page_size, "EncodingType": "url"}
    if prefix:
        request["Prefix"] = prefix
    while True:
        raise_if_cancelled(stop, bucket)
        page = _page(client, request)
        with translated_parse_errors(bucket):
            entries = uploads_in(page)
        yield from entries
        if not page.is_truncated:
            return
        with translated_parse_errors(bucket):
            request["KeyMarker"] = page.decoded(page.fields["NextKeyMarker"])
            request["UploadIdMarker"] = page.fields["NextUploadIdMarker"]


def abort_uploads(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    older_than: timedelta | None = None,
    *,
    stop: threading.Event | None = None,
) -> int:
    """Abort open multipart uploads, and return how many were aborted.

    :param prefix: only uploads to keys that begin with it.
    :param older_than: only uploads that were started longer ago than this; None also aborts uploads that
        are still running.
    :raises AccessDenied: ``s3:AbortMultipartUpload`` or ``s3:ListBucketMultipartUploads`` is missing.
    """
    if older_than is not None and older_than.total_seconds() < 0:
        raise InvalidInput(f"older_than={older_than} is negative", bucket=bucket)
    limit = datetime.now(timezone.utc) - older_than if older_than is not None else None
    aborted = 0
    for upload in list_uploads(client, bucket, prefix, stop=stop):
        if limit is None or upload.initiated < limit:
            raise_if_cancelled(stop, bucket)
            aborted += _abort(client, bucket, upload)
    return aborted


def uploads_in(page: Document) -> list[UploadEntry]:
    """Return the uploads in a ListMultipartUploads response."""
    return [
        UploadEntry(page.decoded(row["Key"]), row["UploadId"], parse_time(row["Initiated"]))
        for _, row in page.rows
    ]


def _page(client: S3Client, request: dict[str, Any]) -> Document:
    try:
        return request_page(client, UPLOADS, request)
    except RequestRejected as error:
        if error.code != "InvalidArgument" or "UploadIdMarker" not in request:
            raise
    # Versity Gateway rejects its own marker if that upload was the last one of its key, or has been aborted
    # since.
    without_upload_id = {name: value for name, value in request.items() if name != "UploadIdMarker"}
    return request_page(client, UPLOADS, without_upload_id)


def _abort(client: S3Client, bucket: str, upload: UploadEntry) -> int:
    try:
        with translated(client, bucket, upload.key):
            client.abort_multipart_upload(Bucket=bucket, Key=upload.key, UploadId=upload.upload_id)
    except UploadNotFound:
        return 0  # completed, or aborted by another client, since it was listed
    return 1
