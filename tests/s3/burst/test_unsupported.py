"""When awscrt cannot be used, and the reason that the log gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from awscrt import s3 as crt
from botocore.config import Config

from airflow_s3ops.s3.burst.unsupported import unsupported_reason
from tests.s3.uploads.small_files.support import aws_client, batch_args

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.needs_version("awscrt_without_retries")


class TestUnsupportedReason:
    def test_there_is_none_for_an_ordinary_client(self, s3: S3Client, bucket: str) -> None:
        assert unsupported_reason(s3, bucket, {}) is None
        assert unsupported_reason(aws_client(), bucket, {}) is None

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"config": {"proxies": {"https": "http://proxy.example.com:3128"}}}, "a proxy is configured"),
            ({"config": {"client_cert": "/etc/client.pem"}}, "uses a client certificate"),
            ({"verify": "/nowhere/ca.pem"}, "not given as one file"),
        ],
    )
    def test_for_the_client(self, options: dict[str, Any], reason: str) -> None:
        assert reason in (unsupported_reason(aws_client(**options), "bucket", {}) or "")

    def test_for_another_signature_version(self) -> None:
        client = boto3.client("s3", region_name="eu-west-1", config=Config(signature_version="s3"))
        assert "signed as s3," in (unsupported_reason(client, "bucket", {}) or "")

    @pytest.mark.parametrize(
        ("bucket", "reason"),
        [
            ("arn:aws:s3:eu-west-1:123456789012:accesspoint/mine", "an ARN"),
            ("logs--euw1-az1--x-s3", "S3 Express"),
        ],
    )
    def test_for_the_bucket(self, bucket: str, reason: str) -> None:
        assert reason in (unsupported_reason(aws_client(), bucket, {}) or "")

    def test_for_a_proxy_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
        assert unsupported_reason(aws_client(), "bucket", {}) == "a proxy is configured"
        monkeypatch.setenv("NO_PROXY", ".amazonaws.com")
        assert unsupported_reason(aws_client(), "bucket", {}) is None

    def test_for_a_header(self) -> None:
        assert "ContentDisposition" in (
            unsupported_reason(aws_client(), "bucket", {"ContentDisposition": "für dich"}) or ""
        )

    def test_for_encryption_that_the_server_must_confirm(self, s3: S3Client, bucket: str) -> None:
        args = batch_args(bucket, ServerSideEncryption="AES256")
        assert "must confirm encryption" in (unsupported_reason(s3, args.bucket, args.extra_args) or "")
        assert unsupported_reason(aws_client(), args.bucket, args.extra_args) is None

    def test_for_an_awscrt_that_is_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(crt, "S3RetryMode")
        assert "older than 0.38.1" in (unsupported_reason(aws_client(), "bucket", {}) or "")
