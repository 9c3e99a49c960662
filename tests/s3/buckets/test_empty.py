"""Empty a bucket permanently, and describe its contents."""

from __future__ import annotations

import logging
import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.buckets.contents import BucketContents, contents, describe_contents
from airflow_s3ops.s3.buckets.empty import Emptied, empty_bucket
from airflow_s3ops.s3.deletes import batch
from airflow_s3ops.s3.errors import AccessDenied, BucketNotFound, BucketRefilled, PartialDelete, Stopped
from airflow_s3ops.s3.listings.multipart_uploads import list_uploads
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from tests.faults import Soon

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def test_a_bucket_without_versioning_is_emptied(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a", "b/c", "ü +&?#")
    assert empty_bucket(s3, bucket) == Emptied(objects_deleted=3)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.needs("versioning")
def test_versions_and_delete_markers_are_deleted(s3: S3Client, versioned_bucket: str) -> None:
    put(s3, versioned_bucket, "a", "a", "b")
    s3.delete_object(Bucket=versioned_bucket, Key="b")
    assert empty_bucket(s3, versioned_bucket) == Emptied(objects_deleted=4)
    s3.delete_bucket(Bucket=versioned_bucket)


def test_open_uploads_are_aborted(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a")
    for key in ("b", "c d"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    assert empty_bucket(s3, bucket) == Emptied(objects_deleted=1, uploads_aborted=2)
    assert list(list_uploads(s3, bucket)) == []


def test_emptying_an_empty_bucket_deletes_nothing(s3: S3Client, bucket: str) -> None:
    assert empty_bucket(s3, bucket) == Emptied()


def test_more_than_a_page_is_deleted(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, *(f"k{number:04}" for number in range(1005)))
    assert empty_bucket(s3, bucket).objects_deleted == 1005


def test_each_round_logs_one_line(s3: S3Client, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    put(s3, bucket, "a")
    with caplog.at_level(logging.INFO):
        empty_bucket(s3, bucket)
    (line,) = (record.getMessage() for record in caplog.records if record.name.startswith("airflow_s3ops"))
    assert line == (
        f"Emptying s3://{bucket}, round 1: 1 objects, versions and markers deleted, 0 uploads aborted"
    )


def test_objects_written_meanwhile_are_deleted_in_another_round(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a")
    faults.on("POST", query="delete").run(lambda _: put(s3, bucket, "late"))
    assert empty_bucket(faults.server.client(), bucket) == Emptied(objects_deleted=2)
    assert list(list_objects(s3, bucket)) == []


def test_a_bucket_that_is_written_to_in_every_round_is_an_error_with_counts(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a")
    names = (f"late-{number}" for number in count())
    faults.on("POST", query="delete", times=None).run(lambda _: put(s3, bucket, next(names)))
    with pytest.raises(
        BucketRefilled, match="contains 1 object after 3 rounds that deleted 3 objects"
    ) as caught:
        empty_bucket(faults.server.client(), bucket, max_rounds=3)
    assert caught.value.bucket == bucket
    assert faults.count("POST", query="delete") == 3


def test_objects_are_deleted_on_a_server_without_versions(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a", "b")
    faults.on("GET", query="versions", times=None).respond(501, "NotImplemented")
    assert empty_bucket(faults.server.client(), bucket) == Emptied(objects_deleted=2)
    assert list(list_objects(s3, bucket)) == []


def test_a_server_without_a_list_of_uploads_is_emptied(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "a")
    faults.on("GET", query="uploads", times=None).respond(501, "NotImplemented")
    assert empty_bucket(faults.server.client(), bucket) == Emptied(objects_deleted=1)


def test_the_error_names_what_cannot_be_deleted(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "locked")
    error = b"<Error><Key>locked</Key><VersionId>null</VersionId><Code>AccessDenied</Code></Error>"
    faults.on("POST").respond_body(200, b"<DeleteResult>" + error + b"</DeleteResult>")
    with pytest.raises(PartialDelete, match="locked"):
        empty_bucket(faults.server.client(), bucket)


def test_a_denied_listing_of_versions_is_an_error(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET", query="versions").respond(403, "AccessDenied")
    with pytest.raises(AccessDenied, match="s3:ListBucketVersions"):
        empty_bucket(faults.server.client(), bucket)


def test_a_missing_bucket_is_an_error(s3: S3Client) -> None:
    with pytest.raises(BucketNotFound):
        empty_bucket(s3, "s3ops-no-such-bucket")


def test_emptying_is_cancelled_between_requests(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "a")
    stop = threading.Event()
    faults.on("GET", query="versions").run(lambda _: stop.set())
    with pytest.raises(Stopped):
        empty_bucket(faults.server.client(), bucket, stop=stop)
    assert [entry.key for entry in list_objects(s3, bucket)] == ["a"]


def test_cancellation_ends_the_backoff_before_a_retry(
    s3: S3Client, bucket: str, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BACKOFF", (60.0,))
    put(s3, bucket, "a")
    stop = threading.Event()
    faults.on("POST", times=None, predicate=Soon(stop.set)).respond_body(
        200, b"<DeleteResult><Error><Key>a</Key><Code>SlowDown</Code></Error></DeleteResult>"
    )
    with pytest.raises(Stopped):
        empty_bucket(faults.server.client(), bucket, stop=stop)


@pytest.mark.needs("versioning")
def test_contents_are_counted_by_kind(s3: S3Client, versioned_bucket: str) -> None:
    put(s3, versioned_bucket, "a", "a", "a", "b", "c")
    s3.delete_object(Bucket=versioned_bucket, Key="b")
    s3.create_multipart_upload(Bucket=versioned_bucket, Key="d")
    assert contents(s3, versioned_bucket) == BucketContents(objects=2, versions=3, markers=1, uploads=1)
    text = "2 objects, 3 noncurrent versions, 1 delete marker, 1 open upload"
    assert describe_contents(s3, versioned_bucket) == text


def test_contents_of_more_than_a_page_are_at_least_that_many(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a", "b", "c")
    found = contents(s3, bucket, limit=2)
    assert (found.objects, found.has_more) == (2, True)
    assert str(found) == "at least 2 objects"


def test_an_empty_bucket_contains_nothing(s3: S3Client, bucket: str) -> None:
    assert contents(s3, bucket).is_empty
    assert describe_contents(s3, bucket) == "nothing"


def test_contents_of_a_server_without_versions_are_its_objects(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a")
    faults.on("GET", query="versions").respond(501, "NotImplemented")
    assert describe_contents(faults.server.client(), bucket) == "1 object"


def test_a_denied_listing_of_contents_raises_no_error(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET", times=None).respond(403, "AccessDenied")
    text = describe_contents(faults.server.client(), bucket)
    assert text == "contents that could not be listed (AccessDenied)"


@pytest.mark.needs("versioning")
def test_nothing_is_left_of_a_bucket_with_pages_of_versions(s3: S3Client, versioned_bucket: str) -> None:
    put(s3, versioned_bucket, *(f"k{number:03}" for number in range(340) for _ in range(3)))
    assert empty_bucket(s3, versioned_bucket) == Emptied(objects_deleted=1020)
    assert list(list_versions(s3, versioned_bucket)) == []
