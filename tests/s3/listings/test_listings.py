"""Listings return keys as they are stored, page by page, in flat memory."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import AccessDenied, BucketNotFound, InvalidInput, Stopped
from airflow_s3ops.s3.listings.multipart_uploads import abort_uploads, list_uploads
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions, version_pages
from tests.memory import peak_bytes_on_pages

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

# "a//b" and "dir/" are left out: Versity Gateway stores objects as files.
KEYS = sorted([" lead", "%41", "a b", "p+q&r<s>'\"", "q?x#y", "ü/€/😀", "c:d=e,f;g@h$i", "~t!*()", "\ttab"])


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"four")


def test_objects_are_listed_with_size_etag_and_last_modified(s3: S3Client, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"four")["ETag"]
    (entry,) = list_objects(s3, bucket)
    assert (entry.key, entry.size, entry.etag) == ("a", 4, etag.strip('"'))
    assert abs(entry.last_modified - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_keys_of_any_legal_characters_are_returned_unchanged(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, *KEYS)
    assert sorted(entry.key for entry in list_objects(s3, bucket)) == KEYS
    assert sorted(entry.key for entry in list_versions(s3, bucket)) == KEYS


def test_a_prefix_may_have_any_legal_characters(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, *KEYS)
    for key in KEYS:
        assert [entry.key for entry in list_objects(s3, bucket, key)] == [key]
        assert [entry.key for entry in list_versions(s3, bucket, key)] == [key]


def test_pages_have_neither_gaps_nor_duplicates(s3: S3Client, bucket: str) -> None:
    keys = [f"k{number:02}" for number in range(11)]
    put(s3, bucket, *keys)
    for size in (1, 2, 5, 10, 11):
        assert [entry.key for entry in list_objects(s3, bucket, page_size=size)] == keys


def test_start_after_skips_earlier_keys(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a", "b", "c")
    assert [entry.key for entry in list_objects(s3, bucket, start_after="a")] == ["b", "c"]


@pytest.mark.needs("versioning")
def test_each_version_and_marker_is_listed_once_with_any_page_size(
    s3: S3Client, versioned_bucket: str
) -> None:
    for key in "abcm":
        for _ in range(5 if key == "m" else 2):
            put(s3, versioned_bucket, key)
    s3.delete_object(Bucket=versioned_bucket, Key="b")
    for size in (2, 3, 5, 1000):
        entries = list(list_versions(s3, versioned_bucket, page_size=size))
        assert [entry.key for entry in entries] == [*"aa", *"bbb", *"cc", *"mmmmm"]
        assert len({entry.version_id for entry in entries}) == 12
        assert [(entry.key, entry.is_latest) for entry in entries if entry.is_delete_marker] == [("b", True)]
        assert sum(entry.is_latest for entry in entries) == 4


@pytest.mark.needs("versioning")
def test_null_versions_from_before_versioning_hide_no_other_versions(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, *"abcdef")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, *"abcdef", *"abcdef")
    for size in (7, 9, 10, 1000):
        entries = list(list_versions(s3, bucket, page_size=size))
        assert [entry.key for entry in entries] == [key for key in "abcdef" for _ in range(3)]
        assert sum(entry.version_id == "null" for entry in entries) == 6


def test_a_bucket_without_versioning_lists_its_objects_as_versions(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a")
    (entry,) = list_versions(s3, bucket)
    assert (entry.key, entry.version_id, entry.is_latest, entry.size) == ("a", "null", True, 4)


def test_an_empty_bucket_lists_nothing(s3: S3Client, bucket: str) -> None:
    assert list(list_objects(s3, bucket)) == []
    assert list(list_versions(s3, bucket)) == []
    assert list(list_uploads(s3, bucket)) == []


def test_a_missing_bucket_is_an_error(s3: S3Client) -> None:
    for listing in (list_objects, list_versions, list_uploads):
        with pytest.raises(BucketNotFound, match="s3ops-no-such-bucket"):
            next(listing(s3, "s3ops-no-such-bucket"))


def test_a_denied_listing_names_the_missing_action(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET").respond(403, "AccessDenied")
    with pytest.raises(AccessDenied) as caught:
        list(list_objects(faults.server.client(), bucket))
    assert caught.value.action == "s3:ListBucket"


def test_a_page_is_requested_only_when_it_is_needed(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "a", "b", "c")
    entries = list_objects(faults.server.client(), bucket, page_size=1)
    assert faults.count("GET") == 0
    assert [entry.key for entry in islice(entries, 2)] == ["a", "b"]
    assert faults.count("GET") == 2


def test_a_listing_is_cancelled_between_pages(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a", "b")
    stop = threading.Event()
    entries = list_objects(s3, bucket, page_size=1, stop=stop)
    assert next(entries).key == "a"
    stop.set()
    with pytest.raises(Stopped):
        next(entries)


def peak_bytes_of_listing(pages: int) -> int:
    return peak_bytes_on_pages(
        pages,
        'assert sum(1 for _ in list_objects(client, "made-up")) == arguments["keys"]',
        before="from airflow_s3ops.s3.listings.objects import list_objects",
    )


@pytest.mark.slow
def test_listing_memory_does_not_grow_with_the_number_of_keys() -> None:
    """Keys and listing: the provider holds all keys in memory, 605 bytes per key at its peak."""
    small, large = peak_bytes_of_listing(pages=10), peak_bytes_of_listing(pages=60)
    grown_per_key = (large - small) / 50_000
    assert grown_per_key < 20


def test_open_uploads_are_listed_and_a_completed_one_is_not(s3: S3Client, bucket: str) -> None:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="logs/ü +&%41.csv")["UploadId"]
    s3.create_multipart_upload(Bucket=bucket, Key="other")
    (entry,) = list_uploads(s3, bucket, "logs/")
    assert (entry.key, entry.upload_id) == ("logs/ü +&%41.csv", upload_id)
    assert entry.initiated.tzinfo is not None
    s3.abort_multipart_upload(Bucket=bucket, Key=entry.key, UploadId=upload_id)
    assert [entry.key for entry in list_uploads(s3, bucket)] == ["other"]


def test_pages_of_uploads_have_neither_gaps_nor_duplicates(s3: S3Client, bucket: str) -> None:
    for key in ("a", "b b", "c+c", "d"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    assert [entry.key for entry in list_uploads(s3, bucket, page_size=1)] == ["a", "b b", "c+c", "d"]


def uploads_page(*, key: str, next_key: str = "") -> bytes:
    next_page = (
        f"<IsTruncated>true</IsTruncated><NextKeyMarker>{next_key}</NextKeyMarker>"
        "<NextUploadIdMarker>id</NextUploadIdMarker>"
        if next_key
        else "<IsTruncated>false</IsTruncated>"
    )
    return (
        f"<ListMultipartUploadsResult><EncodingType>url</EncodingType>{next_page}<Upload><Key>{key}</Key>"
        "<UploadId>id</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"
        "</ListMultipartUploadsResult>"
    ).encode()


def test_encoded_keys_and_markers_of_uploads_are_decoded(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET", query="uploads").respond_body(200, uploads_page(key="a%01%25b", next_key="a%01%25b"))
    faults.on("GET", query="key-marker=a%01%25b").respond_body(200, uploads_page(key="c%2Bd"))
    assert [entry.key for entry in list_uploads(faults.server.client(), bucket)] == ["a\x01%b", "c+d"]
    assert [record.parameters.get("encoding-type") for record in faults.requests] == ["url", "url"]


def test_uploads_under_a_prefix_are_aborted(s3: S3Client, bucket: str) -> None:
    for key in ("logs/a", "logs/b", "other"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    assert abort_uploads(s3, bucket, "logs/") == 2
    assert [entry.key for entry in list_uploads(s3, bucket)] == ["other"]


def test_recent_uploads_are_not_aborted(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET", query="uploads").respond_body(200, uploads_page(key="started-in-2026"))
    assert abort_uploads(faults.server.client(), bucket, older_than=timedelta(days=36500)) == 0
    assert faults.count("DELETE") == 0


def test_old_uploads_are_aborted(bucket: str, faults: FaultProxy) -> None:
    old = uploads_page(key="old").replace(b"2026-", b"2001-")
    faults.on("GET", query="uploads").respond_body(200, old)
    faults.on("DELETE", query="uploadId").respond_body(204, b"")
    assert abort_uploads(faults.server.client(), bucket, older_than=timedelta(days=365)) == 1


def test_an_upload_that_no_longer_exists_is_not_counted_as_aborted(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="a")
    faults.on("DELETE").respond(404, "NoSuchUpload")
    assert abort_uploads(faults.server.client(), bucket) == 0


def test_a_negative_age_of_uploads_is_rejected(s3: S3Client, bucket: str) -> None:
    with pytest.raises(InvalidInput, match="older_than"):
        abort_uploads(s3, bucket, older_than=timedelta(days=-1))


@pytest.mark.needs("versioning")
def test_pages_of_versions_contain_what_the_listing_yields(s3: S3Client, versioned_bucket: str) -> None:
    put(s3, versioned_bucket, *"aab")
    pages = list(version_pages(s3, versioned_bucket, page_size=2))
    assert [entry.key for page in pages for entry in page] == ["a", "a", "b"]
    assert all(len(page) <= 2 for page in pages)
