"""Objects, versions and delete markers as generators: a page of 1,000 is in memory, never the listing.

Keys arrive as they are stored: boto3 asks for ``encoding-type=url`` by itself and decodes what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.stopping import raise_if_stopped
from airflow_s3ops.s3.translate import translated
from airflow_s3ops.s3.uploads import UploadEntry, abort_uploads, list_uploads

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

__all__ = [
    "ObjectEntry",
    "UploadEntry",
    "VersionEntry",
    "abort_uploads",
    "list_objects",
    "list_uploads",
    "list_versions",
    "object_pages",
    "version_pages",
    "versions_in",
]

PAGE_SIZE = 1000  # S3's largest, and its default


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object as ListObjectsV2 shows it.

    :param size: bytes.
    :param etag: without quotes.
    :param storage_class: None where the server names none.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version, or a delete marker, as ListObjectVersions shows it.

    :param version_id: ``null`` for an object that was stored without versioning.
    :param is_latest: whether it is what a request without a version id meets.
    :param size: bytes; None for a delete marker.
    :param etag: without quotes; None for a delete marker.
    """

    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    last_modified: datetime
    size: int | None = None
    etag: str | None = None


def list_objects(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    start_after: str | None = None,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[ObjectEntry]:
    """Yield the objects of a bucket in the order of their keys (ListObjectsV2).

    :param prefix: only keys that begin so; every one by default.
    :param start_after: only keys after this one.
    :param page_size: keys a request, up to 1,000.
    :param stop: looked at before each request.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: ``s3:ListBucket`` is missing.
    :raises Stopped: ``stop`` is set.
    """
    pages = object_pages(client, bucket, prefix, start_after=start_after, page_size=page_size, stop=stop)
    for page in pages:
        yield from page


def object_pages(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    start_after: str | None = None,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[list[ObjectEntry]]:
    """Yield what :func:`list_objects` does, page by page."""
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": page_size}
    if start_after:
        request["StartAfter"] = start_after
    while True:
        raise_if_stopped(stop, bucket)
        with translated(client, bucket):
            page: Mapping[str, Any] = client.list_objects_v2(**request)
        yield [_object(found) for found in page.get("Contents", ())]
        if not page.get("IsTruncated"):
            return
        request["ContinuationToken"] = page["NextContinuationToken"]


def list_versions(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[VersionEntry]:
    """Yield versions and delete markers in the order of their keys (ListObjectVersions).

    The parameters are those of :func:`list_objects`. A bucket without versioning yields its objects, with the
    version id ``null``.

    :raises AccessDenied: ``s3:ListBucketVersions`` is missing.
    :raises NotSupportedByServer: the server knows no versions.
    """
    for page in version_pages(client, bucket, prefix, page_size=page_size, stop=stop):
        yield from page


def version_pages(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[list[VersionEntry]]:
    """Yield what :func:`list_versions` does, page by page."""
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": page_size}
    before: set[tuple[str, str]] = set()
    while True:
        raise_if_stopped(stop, bucket)
        with translated(client, bucket):
            page: Mapping[str, Any] = client.list_object_versions(**request)
        entries = versions_in(page)
        # Versity Gateway repeats entries of one page on the next.
        yield [entry for entry in entries if (entry.key, entry.version_id) not in before]
        if not page.get("IsTruncated"):
            return
        before = {(entry.key, entry.version_id) for entry in entries}
        request["KeyMarker"] = page["NextKeyMarker"]
        request["VersionIdMarker"] = page.get("NextVersionIdMarker", "")


def versions_in(page: Mapping[str, Any]) -> list[VersionEntry]:
    """Return versions and markers of a ListObjectVersions answer in one row, by key."""
    versions = (_version(found, is_delete_marker=False) for found in page.get("Versions", ()))
    markers = (_version(found, is_delete_marker=True) for found in page.get("DeleteMarkers", ()))
    # S3 sends them mixed, by key; botocore sorts them into two lists, each still by key.
    return list(merge(versions, markers, key=attrgetter("key")))


def _object(found: Mapping[str, Any]) -> ObjectEntry:
    return ObjectEntry(
        key=found["Key"],
        size=found["Size"],
        etag=found.get("ETag", "").strip('"'),
        last_modified=found["LastModified"],
        storage_class=found.get("StorageClass"),
    )


def _version(found: Mapping[str, Any], *, is_delete_marker: bool) -> VersionEntry:
    etag = found.get("ETag")
    return VersionEntry(
        key=found["Key"],
        version_id=found["VersionId"],
        is_latest=found["IsLatest"],
        is_delete_marker=is_delete_marker,
        last_modified=found["LastModified"],
        size=found.get("Size"),
        etag=etag.strip('"') if etag else None,
    )
