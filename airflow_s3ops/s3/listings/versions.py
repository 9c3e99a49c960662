"""List versions and delete markers, as a generator: memory holds a page of 1,000, never the whole listing."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from airflow_s3ops.s3.listings.pages import PAGE_SIZE, Listing, request_page, translated_parse_errors
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
    """A version, or a delete marker, as ListObjectVersions returns it.

    :param version_id: ``null`` for an object that was stored without versioning.
    :param is_latest: whether a request without a version id gets this version.
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
    :raises NotSupportedByServer: the server does not support versions.
    """
    for page in version_pages(client, Listing(bucket, prefix, page_size=page_size, stop=stop)):
        yield from page


def version_pages(client: S3Client, listing: Listing) -> Iterator[list[VersionEntry]]:
    """Yield the entries of :func:`list_versions`, page by page."""
    for page in version_documents(client, listing):
        with translated_parse_errors(listing.bucket):
            entries = versions_in(page)
        yield entries


def version_documents(client: S3Client, listing: Listing) -> Iterator[Document]:
    """Yield the pages of :func:`list_versions` as XML documents, without entries of the page before."""
    request = listing.request()
    previous: set[tuple[str, str]] = set()
    while True:
        raise_if_cancelled(listing.stop, listing.bucket)
        page = request_page(client, VERSIONS, request)
        with translated_parse_errors(listing.bucket):
            names = [(row["Key"], row["VersionId"]) for _, row in page.rows]
        # Versity Gateway repeats entries of one page on the next.
        page.rows[:] = [row for row, name in zip(page.rows, names, strict=True) if name not in previous]
        has_new_entries = bool(page.rows)
        yield page
        if not page.is_truncated:
            return
        previous = set(names)
        with translated_parse_errors(listing.bucket):
            request.pop("VersionIdMarker", None)
            request |= _next_markers(page, [key for key, _ in names] if has_new_entries else [])


def versions_in(page: Document) -> list[VersionEntry]:
    """Return the versions and delete markers in a ListObjectVersions response, sorted by key.

    Entries of the same key stay in the order of the response.
    """
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
    # S3 sorts versions and markers together, by key. Moto and Versity Gateway send all versions of a page
    # before its markers.
    entries.sort(key=attrgetter("key"))
    return entries


def _next_markers(page: Document, keys: list[str]) -> dict[str, str]:
    """Return the markers of the next request.

    :param keys: the keys of the page, still encoded; empty if the page had no new entry.
    :raises KeyError: the page has no marker.
    """
    key, version_id = page.fields["NextKeyMarker"], page.fields.get("NextVersionIdMarker", "")
    if version_id == "null":
        # After a null version, Versity Gateway lists only null versions and then ends the listing. After the
        # key before it, everything is listed; entries of this page then come a second time.
        earlier = next((other for other in reversed(keys) if other != key), None)
        if earlier is not None:
            return {"KeyMarker": page.decoded(earlier)}
    return {"KeyMarker": page.decoded(key), "VersionIdMarker": version_id}
