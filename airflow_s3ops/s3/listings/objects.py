"""List objects, as a generator: memory holds a page of 1,000 entries, never the whole listing.

Keys are returned as they are stored: boto3 itself requests ``encoding-type=url``, and the keys are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.listings.pages import PAGE_SIZE, Listing, request_page, translated_parse_errors
from airflow_s3ops.s3.requests.cancellation import raise_if_cancelled
from airflow_s3ops.s3.requests.xml import parse_time
from airflow_s3ops.s3.requests.xml_operations import OBJECTS

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.xml import Document


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object as ListObjectsV2 returns it.

    :param size: bytes.
    :param etag: without quotes.
    :param storage_class: None if the server does not return it.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    storage_class: str | None = None


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

    :param prefix: only keys that begin with it; all keys by default.
    :param start_after: only keys after this one.
    :param page_size: keys per request, up to 1,000.
    :param stop: checked before each request.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: ``s3:ListBucket`` is missing.
    :raises Stopped: ``stop`` is set.
    """
    listing = Listing(bucket, prefix, start_after, page_size, stop)
    for page in object_documents(client, listing):
        with translated_parse_errors(bucket):
            entries = objects_in(page)
        yield from entries


def object_documents(client: S3Client, listing: Listing) -> Iterator[Document]:
    """Yield the pages of :func:`list_objects` as XML documents."""
    request = listing.request()
    while True:
        raise_if_cancelled(listing.stop, listing.bucket)
        page = request_page(client, OBJECTS, request)
        yield page
        if not page.is_truncated:
            return
        with translated_parse_errors(listing.bucket):
            request["ContinuationToken"] = page.fields["NextContinuationToken"]


def objects_in(page: Document) -> list[ObjectEntry]:
    """Return the objects in a ListObjectsV2 response."""
    return [
        ObjectEntry(
            key=page.decoded(row["Key"]),
            size=int(row["Size"]),
            etag=row.get("ETag", "").strip('"'),
            last_modified=parse_time(row["LastModified"]),
            storage_class=row.get("StorageClass"),
        )
        for _, row in page.rows
    ]
