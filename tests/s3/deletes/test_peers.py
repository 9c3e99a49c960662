"""Bugs of apache-airflow-providers-amazon 9.39.0 under "Delete" and "Keys and listing".

Each docstring is the behaviour of the provider.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.buckets.empty import empty_bucket
from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import InvalidInput, PartialDelete, TooManyObjects
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from tests.memory import peak_bytes_on_pages

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

ONE_ERROR_IN_A_200 = (
    b"<DeleteResult><Error><Key>k/0000</Key><Code>AccessDenied</Code>"
    b"<Message>Locked.</Message></Error></DeleteResult>"
)


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry.key for entry in list_objects(s3, bucket)]


def test_an_error_in_one_batch_does_not_stop_the_others(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    """Delete: the first batch of 1,000 with an error stops the rest."""
    put(s3, bucket, *(f"k/{number:04}" for number in range(1001)))
    faults.on("POST", query="delete").respond_body(200, ONE_ERROR_IN_A_200)
    with pytest.raises(PartialDelete):
        delete_objects(faults.server.client(), bucket, prefix="k/")
    assert faults.count("POST", query="delete") == 2


def test_the_code_of_each_failed_key_is_kept(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    """Delete: error codes are dropped."""
    put(s3, bucket, "k/0000", "k/0001")
    faults.on("POST", query="delete").respond_body(200, ONE_ERROR_IN_A_200)
    with pytest.raises(PartialDelete) as caught:
        delete_objects(faults.server.client(), bucket, prefix="k/")
    (failed,) = caught.value.failures
    assert (failed.key, failed.code, failed.message) == ("k/0000", "AccessDenied", "Locked.")


def test_keys_are_not_written_to_the_log(s3: S3Client, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    """Delete: all keys are written to the log, 1,000 to a line."""
    put(s3, bucket, *(f"secret-name-{number}" for number in range(8)))
    with caplog.at_level(logging.DEBUG, "airflow_s3ops"):
        delete_objects(s3, bucket, keys=["secret-name-0"])
        delete_objects(s3, bucket, prefix="secret-name-")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("airflow_s3ops")]
    assert not [line for line in ours if "secret-name-" in line]


def test_an_empty_prefix_from_a_template_is_rejected(s3: S3Client, bucket: str) -> None:
    """Delete: prefix="", which an empty template renders to, empties the bucket."""
    put(s3, bucket, "a")
    with pytest.raises(InvalidInput, match="everything=True"):
        delete_objects(s3, bucket, prefix="")
    assert keys_in(s3, bucket) == ["a"]


def test_a_time_with_an_offset_is_converted(s3: S3Client, bucket: str) -> None:
    """Delete: the offset of a time is dropped instead of converted."""
    put(s3, bucket, "a")
    an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    # Without its offset this time would be in the future in UTC, and the object would count as older.
    in_tokyo = an_hour_ago.astimezone(timezone(timedelta(hours=9)))
    for limit in (in_tokyo, in_tokyo.isoformat()):
        assert delete_objects(s3, bucket, prefix="a", modified_before=limit).deleted == 0
    assert keys_in(s3, bucket) == ["a"]


@pytest.mark.needs("versioning")
def test_all_versions_deletes_versions(s3: S3Client, versioned_bucket: str) -> None:
    """Delete: versions cannot be deleted."""
    put(s3, versioned_bucket, "a", "a")
    assert delete_objects(s3, versioned_bucket, prefix="a", all_versions=True).deleted == 2
    assert list(list_versions(s3, versioned_bucket)) == []


def test_max_objects_is_a_limit(s3: S3Client, bucket: str) -> None:
    """Delete: there is no limit."""
    put(s3, bucket, "a", "b")
    with pytest.raises(TooManyObjects):
        delete_objects(s3, bucket, everything=True, max_objects=1)
    assert keys_in(s3, bucket) == ["a", "b"]


def test_a_dry_run_deletes_nothing(s3: S3Client, bucket: str) -> None:
    """Delete: there is no dry run."""
    put(s3, bucket, "a", "b")
    assert delete_objects(s3, bucket, everything=True, dry_run=True).matched == 2
    assert keys_in(s3, bucket) == ["a", "b"]


@pytest.mark.slow
def test_a_listing_is_not_kept_in_memory() -> None:
    """Keys and listing: all keys are in memory, 605 bytes per key at the peak."""
    peak = peak_bytes_on_pages(
        50,
        'assert sum(1 for _ in list_objects(client, "made-up")) == arguments["keys"]',
        before="from airflow_s3ops.s3.listings.objects import list_objects",
    )
    assert peak < 50_000 * 605 / 5


def test_no_key_list_goes_to_xcom(s3: S3Client, bucket: str) -> None:
    """Keys and listing: key lists go to XCom."""
    put(s3, bucket, "k1", "k2")
    assert "k1" not in str(delete_objects(s3, bucket, keys=["k1", "k2"]).to_xcom())


@pytest.mark.needs("versioning")
def test_a_versioned_bucket_is_emptied(s3: S3Client, versioned_bucket: str) -> None:
    """Buckets: force_delete always fails on a versioned bucket."""
    put(s3, versioned_bucket, "a", "a", "b")
    s3.delete_object(Bucket=versioned_bucket, Key="a")
    empty_bucket(s3, versioned_bucket)
    s3.delete_bucket(Bucket=versioned_bucket)
