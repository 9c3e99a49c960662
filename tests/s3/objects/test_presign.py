"""Presigned URLs."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from airflow_s3ops.s3.errors import CredentialsMissing, InvalidInput
from airflow_s3ops.s3.objects.presign import MAX_SECONDS, presigned_url

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server


def test_the_link_reads_the_object(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    with urllib.request.urlopen(presigned_url(s3, bucket, "k"), timeout=20) as response:
        assert response.read() == b"hello"


@pytest.mark.needs("signature_verification")
def test_a_link_signed_with_a_wrong_secret_is_rejected(server: S3Server, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = presigned_url(server.as_user(server.access_key, "wrong").client(), bucket, "k")
    with pytest.raises(HTTPError, match="403") as caught:
        urllib.request.urlopen(url, timeout=20)
    caught.value.close()


def test_no_request_is_made(faults: FaultProxy) -> None:
    assert presigned_url(faults.server.client(), "a-bucket", "k").startswith(faults.endpoint_url)
    assert faults.count() == 0


@pytest.mark.parametrize("seconds", [1, MAX_SECONDS])
def test_both_bounds_are_allowed(s3: S3Client, seconds: int) -> None:
    query = parse_qs(urlsplit(presigned_url(s3, "a-bucket", "k", seconds)).query)
    assert query["X-Amz-Expires"] == [str(seconds)]


@pytest.mark.parametrize("seconds", [0, -5, MAX_SECONDS + 1, True, 1.5, "60", None])
def test_anything_else_is_rejected(s3: S3Client, seconds: Any) -> None:
    with pytest.raises(InvalidInput, match="is not a number of seconds from 1 to 604,800"):
        presigned_url(s3, "a-bucket", "k", seconds)


def test_without_credentials_a_link_cannot_be_signed() -> None:
    client = boto3.session.Session().client("s3", region_name="eu-west-1")
    with pytest.raises(CredentialsMissing):
        presigned_url(client, "a-bucket", "k")
