"""Listings return keys as they are stored, page by page, in flat memory."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import AccessDenied, BucketNotFound, Stopped
from airflow_s3ops.s3.listings.multipart_uploads import list_uploads
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
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
