"""HEAD a bucket: whether it exists, whether this account owns it, and in which region it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.head import BucketHead, head_bucket, region_if_owned, region_of_owned
from tests.s3.buckets.support import NO_BUCKETS, ONE_TRY, SHORT_WAITS, new_bucket_name, other_account_client

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

NO_REGION = BucketHead(None)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", SHORT_WAITS)


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, with one attempt per request."""
    return faults.server.client(retries=ONE_TRY)


class TestHeadBucket:
    def test_returns_none_for_a_missing_bucket(self, s3: S3Client) -> None:
        assert head_bucket(s3, new_bucket_name()) is None

    @pytest.mark.needs("region_of_bucket")
    def test_returns_the_region(self, s3: S3Client, bucket: str) -> None:
        assert head_bucket(s3, bucket) == BucketHead(s3.meta.region_name)

    def test_finds_another_accounts_bucket(self, server: S3Server, faults: FaultProxy, bucket: str) -> None:
        assert head_bucket(other_account_client(server, faults), bucket) is not None

    @pytest.mark.parametrize("status", [301, 307, 400, 403])
    def test_returns_the_region_of_an_error_response(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, status: int
    ) -> None:
        faults.on("HEAD", times=None).respond(status, headers={"x-amz-bucket-region": "eu-west-3"})

        assert head_bucket(proxied, bucket) == BucketHead("eu-west-3")

    def test_finds_a_bucket_after_403_without_a_region(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD").respond(403)

        assert head_bucket(proxied, bucket) == NO_REGION

    @pytest.mark.parametrize(
        ("status", "cls"), [(400, errors.RequestRejected), (500, errors.ServerError), (503, errors.Throttled)]
    )
    def test_raises_any_other_error(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, status: int, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("HEAD").respond(status)

        with pytest.raises(cls):
            head_bucket(proxied, bucket)


class TestRegionIfOwned:
    def test_is_returned_for_a_bucket_in_the_list(self, s3: S3Client, bucket: str) -> None:
        assert region_if_owned(s3, bucket, BucketHead("eu-west-3")) == "eu-west-3"

    def test_needs_the_exact_name_in_the_list(self, s3: S3Client, bucket: str) -> None:
        with pytest.raises(errors.BucketNotMine):
            region_if_owned(s3, bucket[:-1], NO_REGION)

    def test_requests_only_buckets_with_that_prefix(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        region_if_owned(proxied, bucket, BucketHead("eu-west-3"))

        (request,) = faults.requests
        assert request.parameters["prefix"] == bucket

    def test_retries_the_list(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on("GET", times=None).respond_body(200, NO_BUCKETS)

        with pytest.raises(errors.BucketNotMine):
            region_if_owned(proxied, bucket, NO_REGION)

        assert len(faults.requests) == 5

    @pytest.mark.parametrize(
        ("code", "cls"),
        [("AccessDenied", errors.AccessDenied), ("InvalidAccessKeyId", errors.CredentialsRejected)],
    )
    def test_is_an_error_if_the_list_is_denied(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, code: str, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("GET").respond(403, code)

        with pytest.raises(cls) as caught:
            region_if_owned(proxied, bucket, NO_REGION)

        assert caught.value.code == code


class TestRegionOfOwned:
    def test_is_requested_if_head_bucket_did_not_return_it(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").respond_body(200, b"<LocationConstraint>EU</LocationConstraint>")

        assert region_of_owned(proxied, bucket, NO_REGION) == "eu-west-1"

    def test_is_none_if_the_server_does_not_support_regions(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").respond(501, "NotImplemented")

        assert region_of_owned(proxied, bucket, NO_REGION) is None

    def test_is_an_error_if_the_location_is_denied(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            region_of_owned(proxied, bucket, NO_REGION)

        assert caught.value.action == "s3:GetBucketLocation"
