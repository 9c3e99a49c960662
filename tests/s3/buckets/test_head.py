"""A bucket is looked at without touching it: there or not, mine or not, where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.head import BucketHead, head_bucket, region_if_mine, region_of_mine
from tests.s3.buckets.support import AT_ONCE, NO_BUCKETS, ONE_TRY, new_bucket_name, stranger_to

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

NOWHERE = BucketHead(None)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", AT_ONCE)


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, that tries once."""
    return faults.server.client(retries=ONE_TRY)


class TestALook:
    def test_sees_no_bucket_where_there_is_none(self, s3: S3Client) -> None:
        assert head_bucket(s3, new_bucket_name()) is None

    @pytest.mark.needs("region_of_bucket")
    def test_sees_the_region(self, s3: S3Client, bucket: str) -> None:
        assert head_bucket(s3, bucket) == BucketHead(s3.meta.region_name)

    def test_sees_the_bucket_of_a_stranger(self, server: S3Server, faults: FaultProxy, bucket: str) -> None:
        assert head_bucket(stranger_to(server, faults), bucket) is not None

    @pytest.mark.parametrize("status", [301, 307, 400, 403])
    def test_sees_the_region_in_a_refusal(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, status: int
    ) -> None:
        faults.on("HEAD", times=None).respond(status, headers={"x-amz-bucket-region": "eu-west-3"})

        assert head_bucket(proxied, bucket) == BucketHead("eu-west-3")

    def test_takes_a_bare_403_for_a_bucket(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on("HEAD").respond(403)

        assert head_bucket(proxied, bucket) == NOWHERE

    @pytest.mark.parametrize(
        ("status", "cls"), [(400, errors.RequestRejected), (500, errors.ServerError), (503, errors.Throttled)]
    )
    def test_that_was_not_answered_shows_nothing(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, status: int, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("HEAD").respond(status)

        with pytest.raises(cls):
            head_bucket(proxied, bucket)


class TestMine:
    def test_is_what_my_list_holds(self, s3: S3Client, bucket: str) -> None:
        assert region_if_mine(s3, bucket, BucketHead("eu-west-3")) == "eu-west-3"

    def test_is_not_what_only_begins_so(self, s3: S3Client, bucket: str) -> None:
        with pytest.raises(errors.BucketNotMine):
            region_if_mine(s3, bucket[:-1], NOWHERE)

    def test_is_looked_for_with_few_requests(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        region_if_mine(proxied, bucket, BucketHead("eu-west-3"))

        (cancellable_client,) = faults.requests
        assert cancellable_client.parameters["prefix"] == bucket

    def test_is_looked_for_more_than_once(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on("GET", times=None).answer_body(200, NO_BUCKETS)

        with pytest.raises(errors.BucketNotMine):
            region_if_mine(proxied, bucket, NOWHERE)

        assert len(faults.requests) == 5

    @pytest.mark.parametrize(
        ("code", "cls"),
        [("AccessDenied", errors.AccessDenied), ("InvalidAccessKeyId", errors.CredentialsRejected)],
    )
    def test_is_not_known_where_the_list_is_refused(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, code: str, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("GET").respond(403, code)

        with pytest.raises(cls) as caught:
            region_if_mine(proxied, bucket, NOWHERE)

        assert caught.value.code == code


class TestTheRegionOfMine:
    def test_is_asked_for_where_the_look_did_not_show_it(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").answer_body(200, b"<LocationConstraint>EU</LocationConstraint>")

        assert region_of_mine(proxied, bucket, NOWHERE) == "eu-west-1"

    def test_is_none_where_the_server_knows_no_regions(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").respond(501, "NotImplemented")

        assert region_of_mine(proxied, bucket, NOWHERE) is None

    def test_is_not_guessed_where_it_is_refused(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="location").respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            region_of_mine(proxied, bucket, NOWHERE)

        assert caught.value.action == "s3:GetBucketLocation"
