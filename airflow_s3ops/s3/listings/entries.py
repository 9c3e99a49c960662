"""What a listing shows of an object, a version or a delete marker."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from airflow_s3ops.s3.listings.listing_xml import moment

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_s3ops.s3.listings.listing_xml import Document


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


def objects_in(page: Document) -> list[ObjectEntry]:
    """Return the objects of a ListObjectsV2 answer."""
    return [
        ObjectEntry(
            key=page.decoded(row["Key"]),
            size=int(row["Size"]),
            etag=row.get("ETag", "").strip('"'),
            last_modified=moment(row["LastModified"]),
            storage_class=row.get("StorageClass"),
        )
        for _, row in page.rows
    ]


def versions_in(page: Document) -> list[VersionEntry]:
    """Return versions and markers of a ListObjectVersions answer, by key and then in its order."""
    entries = [
        VersionEntry(
            key=page.decoded(row["Key"]),
            version_id=row["VersionId"],
            is_latest=row["IsLatest"] == "true",
            is_delete_marker=kind == "DeleteMarker",
            last_modified=moment(row["LastModified"]),
            size=int(row["Size"]) if "Size" in row else None,
            etag=row["ETag"].strip('"') if row.get("ETag") else None,
        )
        for kind, row in page.rows
    ]
    # S3 mixes them, by key; Moto and Versity Gateway send all versions of a page before its markers.
    entries.sort(key=attrgetter("key"))
    return entries
