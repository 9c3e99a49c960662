"""Count the contents of a bucket, for the error message that says why it was not deleted.

Only the first page of each listing is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import NotSupportedByServer, S3OpsError, Stopped
from airflow_s3ops.s3.listings.pages import PAGE_SIZE, request_page, translated_parse_errors
from airflow_s3ops.s3.listings.versions import versions_in
from airflow_s3ops.s3.requests.xml_operations import OBJECTS, UPLOADS, VERSIONS

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class BucketContents:
    """Counts of the entries on the first page of each listing of a bucket.

    :param objects: current objects.
    :param versions: noncurrent versions.
    :param markers: delete markers.
    :param uploads: open multipart uploads.
    :param has_more: there are more objects, versions or markers than were counted.
    :param has_more_uploads: there are more uploads than were counted.
    """

    objects: int = 0
    versions: int = 0
    markers: int = 0
    uploads: int = 0
    has_more: bool = False
    has_more_uploads: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.objects or self.versions or self.markers or self.uploads)

    def __str__(self) -> str:
        """Return the counts as text, such as ``3 objects, 1 delete marker, 1 open upload``."""
        kinds = (
            (self.objects, "object", self.has_more),
            (self.versions, "noncurrent version", self.has_more),
            (self.markers, "delete marker", self.has_more),
            (self.uploads, "open upload", self.has_more_uploads),
        )
        return ", ".join(_counted(*kind) for kind in kinds if kind[0]) or "nothing"


def contents(client: S3Client, bucket: str, limit: int = PAGE_SIZE) -> BucketContents:
    """Count the contents of a bucket, from the first page of each listing.

    :param limit: entries per listing, up to 1,000.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: the identity is not allowed to list the bucket.
    """
    try:
        page = request_page(client, VERSIONS, {"Bucket": bucket, "MaxKeys": limit})
    except NotSupportedByServer:
        return _objects_only(client, bucket, limit)
    with translated_parse_errors(bucket):
        entries = versions_in(page)
    markers = sum(entry.is_delete_marker for entry in entries)
    objects = sum(entry.is_latest and not entry.is_delete_marker for entry in entries)
    uploads, has_more_uploads = _uploads(client, bucket, limit)
    return BucketContents(
        objects=objects,
        versions=len(entries) - objects - markers,
        markers=markers,
        uploads=uploads,
        has_more=page.is_truncated,
        has_more_uploads=has_more_uploads,
    )


def describe_contents(client: S3Client, bucket: str) -> str:
    """Return the contents of a bucket as text, for a message. Of all errors, only ``Stopped`` is raised.

    An example: ``3 objects, 5 noncurrent versions, 2 delete markers, 1 open upload``.
    """
    try:
        return str(contents(client, bucket))
    except Stopped:
        raise
    except S3OpsError as error:
        return f"contents that could not be listed ({error.code or type(error).__name__})"


def _objects_only(client: S3Client, bucket: str, limit: int) -> BucketContents:
    page = request_page(client, OBJECTS, {"Bucket": bucket, "MaxKeys": limit})
    uploads, has_more_uploads = _uploads(client, bucket, limit)
    return BucketContents(
        objects=len(page.rows),
        uploads=uploads,
        has_more=page.is_truncated,
        has_more_uploads=has_more_uploads,
    )


def _uploads(client: S3Client, bucket: str, limit: int) -> tuple[int, bool]:
    try:
        page = request_page(client, UPLOADS, {"Bucket": bucket, "MaxUploads": limit, "EncodingType": "url"})
    except NotSupportedByServer:
        return 0, False
    return len(page.rows), page.is_truncated


def _counted(count: int, kind: str, has_more: bool) -> str:  # noqa: FBT001 - a row of a table
    return f"{'at least ' if has_more else ''}{count:,} {kind}{'' if count == 1 else 's'}"
