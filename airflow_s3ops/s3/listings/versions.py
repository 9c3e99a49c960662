"""Versions and delete markers as a generator: a page of 1,000 is in memory, never the listing."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.listings.pages import PAGE_SIZE, readable, request_page
from airflow_s3ops.s3.requests.cancellation import raise_if_cancelled
from airflow_s3ops.s3.requests.xml import parse_time
from airflow_s3ops.s3.requests.xml_operations import VERSIONS

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.xml import Document


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
    for page in version_documents(client, bucket, prefix, page_size=page_size, stop=stop):
        with readable(bucket):
            entries = versions_in(page)
        yield entries


def version_documents(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[Document]:
    """Yield the pages of :func:`list_versions` as S3 sent them, but for what one repeats of the last."""
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": page_size}
    before: set[tuple[str, str]] = set()
    while True:
        raise_if_cancelled(stop, bucket)
        page = request_page(client, VERSIONS, request)
        with readable(bucket):
            named = [(row["Key"], row["VersionId"]) for _, row in page.rows]
        # Versity Gateway repeats entries of one page on the next.
        page.rows[:] = [row for row, name in zip(page.rows, named, strict=True) if name not in before]
        is_new = bool(page.rows)
        yield page
        if not page.is_truncated:
            return
        before = set(named)
        with readable(bucket):
            request.pop("VersionIdMarker", None)
            request |= _next_markers(page, [key for key, _ in named] if is_new else [])


def versions_in(page: Document) -> list[VersionEntry]:
    """Return versions and markers of a ListObjectVersions answer, by key and then in its order."""
    entries = [
        VersionEntry(
            key=page.decoded(row["Key"]),
            version_id=row["VersionId"],
            is_latest=row["IsLatest"] == "true",
            is_delete_marker=kind == "DeleteMarker",
            last_modified=parse_time(row["LastModified"]),
            size=int(row["Size"]) if "Size" in row else None,
            etag=row["ETag"].strip('"') if row.get("ETag") else None,
        )
        for kind, row in page.rows
    ]
    # S3 mixes them, by key; Moto and Versity Gateway send all versions of a page before its markers.
    entries.sort(key=attrgetter("key"))
    return entries


def _next_markers(page: Document, keys: list[str]) -> dict[str, str]:
    """Return where to go on.

    :param keys: the page's, as it writes them, if it brought anything new.
    :raises KeyError: the page does not tell.
    """
    key, version_id = page.fields["NextKeyMarker"], page.fields.get("NextVersionIdMarker", "")
    if version_id == "null":
        # From a null version on, Versity Gateway lists null versions only, and says that those were all. From
        # the key before on, everything comes, and what this page had of it once more.
        earlier = next((other for other in reversed(keys) if other != key), None)
        if earlier is not None:
            return {"KeyMarker": page.decoded(earlier)}
    return {"KeyMarker": page.decoded(key), "VersionIdMarker": version_id}
