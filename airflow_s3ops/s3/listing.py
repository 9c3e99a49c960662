"""Objects, versions and delete markers as generators: a page of 1,000 is in memory, never the listing.

Keys arrive as they are stored: boto3 asks for ``encoding-type=url`` by itself, and it is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.halt import raise_if_stopped
from airflow_s3ops.s3.listings.answers import OBJECTS, VERSIONS
from airflow_s3ops.s3.listings.entries import ObjectEntry, VersionEntry, objects_in, versions_in
from airflow_s3ops.s3.listings.pages import PAGE_SIZE, page_of, readable
from airflow_s3ops.s3.uploads import UploadEntry, abort_uploads, list_uploads

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.listings.listing_xml import Document

__all__ = [
    "ObjectEntry",
    "UploadEntry",
    "VersionEntry",
    "abort_uploads",
    "list_objects",
    "list_uploads",
    "list_versions",
    "object_answers",
    "object_pages",
    "version_answers",
    "version_pages",
]


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
    for page in object_answers(
        client, bucket, prefix, start_after=start_after, page_size=page_size, stop=stop
    ):
        with readable(bucket):
            entries = objects_in(page)
        yield entries


def object_answers(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    *,
    start_after: str | None = None,
    page_size: int = PAGE_SIZE,
    stop: threading.Event | None = None,
) -> Iterator[Document]:
    """Yield the pages of :func:`list_objects` as S3 sent them."""
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": page_size}
    if start_after:
        request["StartAfter"] = start_after
    while True:
        raise_if_stopped(stop, bucket)
        page = page_of(client, OBJECTS, request)
        yield page
        if not page.is_truncated:
            return
        with readable(bucket):
            request["ContinuationToken"] = page.fields["NextContinuationToken"]


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
    for page in version_answers(client, bucket, prefix, page_size=page_size, stop=stop):
        with readable(bucket):
            entries = versions_in(page)
        yield entries


def version_answers(
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
        raise_if_stopped(stop, bucket)
        page = page_of(client, VERSIONS, request)
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
