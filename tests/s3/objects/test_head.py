"""HEAD an object: its metadata, without its content."""

from __future__ import annotations

import base64
import zlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import AccessDenied, ObjectNotFound
from airflow_s3ops.s3.objects.head import head_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def test_it_returns_the_metadata_of_the_object(s3: S3Client, bucket: str) -> None:
    response = s3.put_object(
        Bucket=bucket,
        Key="a/ü b.csv",
        Body=b"12345",
        ContentType="text/csv",
        ContentEncoding="gzip",
        CacheControl="max-age=60",
        Metadata={"run": "42"},
    )
    found = head_object(s3, bucket, "a/ü b.csv")
    assert (found.bucket, found.key, found.uri) == (bucket, "a/ü b.csv", f"s3://{bucket}/a/ü b.csv")
    assert (found.size, found.etag) == (5, response["ETag"].strip('"'))
    assert (found.content_type, found.content_encoding) == ("text/csv", "gzip")
    assert (found.cache_control, dict(found.metadata)) == ("max-age=60", {"run": "42"})
    assert abs(found.last_modified - datetime.now(timezone.utc)) < timedelta(minutes=5)


def test_an_object_without_optional_metadata_has_none(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    found = head_object(s3, bucket, "k")
    assert (found.size, found.content_encoding, found.cache_control, dict(found.metadata)) == (
        0,
        None,
        None,
        {},
    )


def test_checksums_are_returned_by_algorithm(s3: S3Client, bucket: str) -> None:
    crc32 = base64.b64encode(zlib.crc32(b"12345").to_bytes(4, "big")).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="CRC32", ChecksumCRC32=crc32)
    assert head_object(s3, bucket, "k").checksums["CRC32"] == crc32
    assert "Type" not in head_object(s3, bucket, "k").checksums


@pytest.mark.needs("versioning")
def test_an_older_version_is_found_by_its_id(s3: S3Client, versioned_bucket: str) -> None:
    first = s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"22")["VersionId"]
    current = head_object(s3, versioned_bucket, "k")
    older = head_object(s3, versioned_bucket, "k", version_id=first)
    assert (current.size, current.version_id) == (2, second)
    assert (older.size, older.version_id) == (1, first)


def test_a_missing_object_is_an_error_that_names_it(s3: S3Client, bucket: str) -> None:
    with pytest.raises(ObjectNotFound) as caught:
        head_object(s3, bucket, "nothing/here")
    assert (caught.value.bucket, caught.value.key) == (bucket, "nothing/here")


def test_access_denied_is_not_treated_as_a_missing_object(faults: FaultProxy, bucket: str) -> None:
    faults.on("HEAD").respond(403)
    with pytest.raises(AccessDenied) as caught:
        head_object(faults.server.client(), bucket, "k")
    assert caught.value.action == "s3:GetObject"
