"""Open multipart uploads are listed and aborted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.listings.multipart_uploads import abort_uploads, list_uploads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


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
