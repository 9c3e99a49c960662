"""Deletions of many objects that fail, in part or completely, or are cancelled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.deletes import batch
from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.deletes.targets import Target
from airflow_s3ops.s3.errors import (
    AccessDenied,
    BucketNotFound,
    CredentialsRejected,
    PartialDelete,
    Stopped,
)
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.concurrency import Concurrency

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

DELETE_ERRORS = "<DeleteResult>{}</DeleteResult>"
ONE_ERROR = "<Error><Key>{}</Key><Code>{}</Code><Message>Made up.</Message></Error>"


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry.key for entry in list_objects(s3, bucket)]


def errors_in_a_200(*failures: tuple[str, str]) -> bytes:
    return DELETE_ERRORS.format("".join(ONE_ERROR.format(*failure) for failure in failures)).encode()


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """No backoff before a retry."""
    monkeypatch.setattr(batch, "BACKOFF", (0.0, 0.0))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys per request, one request at once, so that a few keys make many batches in a known order."""
    monkeypatch.setattr("airflow_s3ops.s3.deletes.run.BATCH_SIZE", 2)
    monkeypatch.setattr("airflow_s3ops.s3.deletes.run.deletes_at_once", lambda *_: 1)


class TestFailures:
    @pytest.mark.usefixtures("small_batches")
    def test_the_error_has_every_failed_key_with_its_code(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1", "k2", "k3", "k4", "k5")
        faults.on("POST").respond_body(200, errors_in_a_200(("k1", "AccessDenied"), ("k2", "UnknownCode")))
        with pytest.raises(PartialDelete) as caught:
            delete_objects(faults.server.client(), bucket, prefix="k")
        assert {(failed.key, failed.code) for failed in caught.value.failures} == {
            ("k1", "AccessDenied"),
            ("k2", "UnknownCode"),
        }
        assert (caught.value.deleted, caught.value.retryable) == (3, False)
        assert keys_in(s3, bucket) == ["k1", "k2"]

    def test_the_message_counts_the_codes_and_names_twenty_keys(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        keys = [f"k{number:02}" for number in range(25)]
        put(s3, bucket, *keys)
        failed_keys = [(key, "UnknownCode" if key > "k21" else "AccessDenied") for key in keys]
        faults.on("POST").respond_body(200, errors_in_a_200(*failed_keys))
        with pytest.raises(PartialDelete) as caught:
            delete_objects(faults.server.client(), bucket, prefix="k")
        message = str(caught.value)
        assert "25 of 25" in message
        assert "AccessDenied: 22, UnknownCode: 3" in message
        assert "'k19' and 5 more" in message
        assert "'k20'" not in message
        assert (caught.value.code, caught.value.bucket) == ("AccessDenied", bucket)
        assert "Made up" in message

    @pytest.mark.usefixtures("no_backoff")
    def test_only_throttled_keys_are_sent_again(self, s3: S3Client, bucket: str, faults: FaultProxy) -> None:
        put(s3, bucket, "k1", "k2", "k3")
        faults.on("POST").respond_body(200, errors_in_a_200(("k2", "SlowDown"), ("k3", "InternalError")))
        result = delete_objects(faults.server.client(), bucket, prefix="k")
        assert result.deleted == 3
        first, second = faults.matching("POST")
        assert second.body_bytes < first.body_bytes
        assert keys_in(s3, bucket) == ["k1"]  # the first response was made up, so k1 was not deleted

    @pytest.mark.usefixtures("no_backoff")
    def test_keys_that_stay_throttled_are_retryable_failures(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1", "k2")
        faults.on("POST", times=None).respond_body(200, errors_in_a_200(("k2", "SlowDown")))
        with pytest.raises(PartialDelete) as caught:
            delete_objects(faults.server.client(), bucket, prefix="k")
        assert [failed.key for failed in caught.value.failures] == ["k2"]
        assert (caught.value.deleted, caught.value.retryable) == (1, True)
        assert faults.count("POST") == 3

    @pytest.mark.usefixtures("no_backoff")
    def test_a_throttled_request_is_sent_again(self, s3: S3Client, bucket: str, faults: FaultProxy) -> None:
        put(s3, bucket, "k1", "k2")
        faults.on("POST", times=3).respond(503, "SlowDown")  # botocore itself gives up after two
        assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 2
        assert keys_in(s3, bucket) == []

    @pytest.mark.usefixtures("small_batches")
    def test_a_denied_request_fails_each_of_its_keys_and_the_other_requests_are_sent(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1", "k2", "k3", "k4", "k5")
        faults.on("POST").respond(403, "AccessDenied")
        with pytest.raises(PartialDelete) as caught:
            delete_objects(faults.server.client(), bucket, prefix="k")
        assert [failed.code for failed in caught.value.failures] == ["AccessDenied"] * 2
        assert caught.value.deleted == 3
        assert len(keys_in(s3, bucket)) == 2

    @pytest.mark.usefixtures("small_batches")
    def test_rejected_credentials_end_the_deletion_at_once(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1", "k2", "k3")
        faults.on("POST", times=None).respond(403, "InvalidAccessKeyId")
        with pytest.raises(CredentialsRejected):
            delete_objects(faults.server.client(), bucket, prefix="k")

    def test_a_deleted_bucket_ends_the_deletion_at_once(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1")
        faults.on("POST").respond(404, "NoSuchBucket")
        with pytest.raises(BucketNotFound):
            delete_objects(faults.server.client(), bucket, prefix="k")

    def test_a_denied_listing_names_the_missing_action(self, bucket: str, faults: FaultProxy) -> None:
        faults.on("GET").respond(403, "AccessDenied")
        with pytest.raises(AccessDenied, match="s3:ListBucket"):
            delete_objects(faults.server.client(), bucket, prefix="k")

    def test_a_failure_of_a_key_that_xml_cannot_contain_affects_no_other_key(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "a", "bell\x07")
        faults.on("DELETE").respond(403, "AccessDenied")
        with pytest.raises(PartialDelete) as caught:
            delete_objects(faults.server.client(), bucket, keys=["a", "bell\x07"])
        assert [failed.key for failed in caught.value.failures] == ["bell\x07"]
        assert caught.value.deleted == 1
        s3.delete_object(Bucket=bucket, Key="bell\x07")  # the clean-up cannot list versions with this key

    def test_an_identity_that_is_only_allowed_to_delete_can_delete(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "a")
        faults.on("HEAD", times=None).respond(403)
        result = delete_objects(faults.server.client(), bucket, keys=["a", "nope"])
        assert (result.deleted, result.missing) == (2, None)
        assert keys_in(s3, bucket) == []


@pytest.mark.needs("versioning")
def test_a_version_is_no_failure_if_the_response_was_lost(
    s3: S3Client, versioned_bucket: str, faults: FaultProxy
) -> None:
    old = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"1")["VersionId"]
    put(s3, versioned_bucket, "a")
    faults.on("POST", query="delete").lose_response()
    cancellation, concurrency = Cancellation(None, versioned_bucket), Concurrency(4)
    deleter = batch.Deleter(faults.server.client(), versioned_bucket, cancellation, concurrency)
    failures = deleter.delete([Target("a", old)])
    assert failures == batch.Failures()
    assert old not in {entry.version_id for entry in list_versions(s3, versioned_bucket)}


class TestCancellation:
    @pytest.mark.usefixtures("small_batches")
    def test_a_deletion_is_cancelled_between_requests(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, *(f"k{number:02}" for number in range(20)))
        stop = threading.Event()
        faults.on("POST").run(lambda _: stop.set())
        with pytest.raises(Stopped):
            delete_objects(faults.server.client(), bucket, prefix="k", stop=stop)
        assert 10 <= len(keys_in(s3, bucket)) <= 18

    def test_nothing_is_sent_if_it_is_cancelled_before(self, bucket: str, faults: FaultProxy) -> None:
        stop = threading.Event()
        stop.set()
        for selection in ({"prefix": "k"}, {"keys": ["k"]}):
            with pytest.raises(Stopped):
                delete_objects(faults.server.client(), bucket, stop=stop, **selection)
        assert faults.requests == []


def test_content_md5_is_sent_for_servers_that_support_no_other_checksum(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a", "b")
    client = faults.server.client()
    faults.on("POST").respond(503, "SlowDown")  # botocore's retry must have the header exactly once
    delete_objects(client, bucket, keys=["a"])
    delete_objects(client, bucket, keys=["b"])
    assert [record.status for record in faults.matching("POST")] == [503, 200, 200]
    for record in faults.matching("POST"):
        assert len(record.headers["content-md5"]) == 24
        assert "x-amz-checksum-crc32" in record.headers
    assert keys_in(s3, bucket) == []
