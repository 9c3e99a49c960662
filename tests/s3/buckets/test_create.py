"""Create a bucket, or adopt an existing one of this account; also from many tasks at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.create import create_bucket
from airflow_s3ops.s3.buckets.settings import BucketSettings
from tests.faults import Soon
from tests.s3.buckets.support import (
    NO_BUCKETS,
    SERVERS_WITH_ACCOUNTS,
    SHORT_WAITS,
    client_in,
    deleted_afterwards,
    new_bucket_name,
    other_account_client,
)
from tests.s3.cancellation_support import GRACE, WITHIN, StopWatch
from tests.servers.purge import create_bucket as create_directly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy, Request
    from tests.servers import S3Server

TASKS = 8


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", SHORT_WAITS)


@pytest.fixture
def name(s3: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist yet."""
    with deleted_afterwards(s3, new_bucket_name()) as unused:
        yield unused


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, with two attempts per request."""
    return faults.server.client()


def is_list_buckets(request: Request) -> bool:
    return request.method == "GET" and request.path == "/"


def exists(s3: S3Client, name: str) -> bool:
    return any(bucket["Name"] == name for bucket in s3.list_buckets()["Buckets"])


class TestNewBucket:
    def test_exists_and_the_result_has_its_region(self, s3: S3Client, name: str) -> None:
        result = create_bucket(s3, name)

        assert exists(s3, name)
        assert result.to_xcom() == {
            "bucket": name,
            "region": s3.meta.region_name,
            "status": "created",
            "applied": [],
        }

    @pytest.mark.needs("any_region")
    @pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-northeast-2", "us-gov-west-1"])
    def test_is_in_the_region_of_the_client(
        self, server: S3Server, s3: S3Client, name: str, region: str
    ) -> None:
        result = create_bucket(client_in(server, region), name)

        assert result.region == region
        assert s3.head_bucket(Bucket=name)["BucketRegion"] == region

    @pytest.mark.needs("any_region")
    def test_may_be_in_any_region_for_a_client_of_us_east_1(
        self, server: S3Server, s3: S3Client, name: str
    ) -> None:
        result = create_bucket(client_in(server, "us-east-1"), name, region_name="eu-west-1")

        assert result.region == "eu-west-1"
        assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"

    @pytest.mark.needs("ownership_at_creation")
    def test_gets_its_object_ownership_from_create_bucket(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        result = create_bucket(proxied, name, settings={"object_ownership": "ObjectWriter"})

        assert result.applied == ("object_ownership",)
        assert faults.count("PUT") == 1

    @pytest.mark.needs("ownership_controls")
    def test_accepts_acls_if_its_ownership_allows_them(self, s3: S3Client, name: str) -> None:
        settings = BucketSettings(object_ownership="ObjectWriter")

        create_bucket(s3, name, settings=settings, extra_args={"ACL": "public-read"})

        grants = s3.get_bucket_acl(Bucket=name)["Grants"]
        assert ("Group", "READ") in [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants]

    @pytest.mark.needs("object_lock")
    def test_may_have_object_lock_without_the_versioning_setting(self, s3: S3Client, name: str) -> None:
        result = create_bucket(s3, name, settings={"object_lock": True})

        assert result.applied == ("object_lock",)
        lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        assert lock["ObjectLockEnabled"] == "Enabled"
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"

    @pytest.mark.needs("versioning", "bucket_tagging")
    def test_has_the_settings_and_the_result_lists_them_in_order(self, s3: S3Client, name: str) -> None:
        result = create_bucket(s3, name, settings={"tags": {"team": "data"}, "versioning": "Enabled"})

        assert result.applied == ("versioning", "tags")

    @pytest.mark.needs("versioning", "bucket_tagging", "ownership_controls", "object_lock")
    def test_is_not_changed_by_a_second_run(self, faults: FaultProxy, proxied: S3Client, name: str) -> None:
        settings = BucketSettings(
            object_ownership="BucketOwnerPreferred",
            tags={"team": "data"},
            object_lock={"mode": "GOVERNANCE", "days": 1},
        )
        create_bucket(proxied, name, settings=settings)
        writes = faults.count("PUT")

        result = create_bucket(proxied, name, settings=settings)

        assert (result.status, result.applied) == ("existed", ())
        assert faults.count("PUT") == writes

    def test_stays_if_a_setting_fails_and_the_next_run_continues(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", query="tagging").respond(403, "AccessDenied")
        with pytest.raises(errors.AccessDenied, match="tags"):
            create_bucket(proxied, name, settings={"tags": {"team": "data"}})

        result = create_bucket(proxied, name, settings={"tags": {"team": "data"}})

        assert (result.status, result.applied) == ("existed", ("tags",))


class TestNothingIsSentFor:
    @pytest.mark.parametrize("wrong", ["Reports", "ab", "192.168.5.4", ""])
    def test_an_invalid_name(self, faults: FaultProxy, proxied: S3Client, wrong: str) -> None:
        with pytest.raises(errors.InvalidBucketName):
            create_bucket(proxied, wrong)

        assert not faults.requests

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"if_exists": "ignore"}, "if_exists is 'ignore', not one of adopt, fail"),
            ({"settings": {"versionning": "Enabled"}}, "Did you mean 'versioning'"),
            ({"settings": {"versioning": "On"}}, r"BucketSettings.versioning is 'On'"),
            ({"extra_args": {"Acl": "private"}}, "Did you mean 'ACL'"),
            ({"extra_args": {"ACL": 3}}, "ACL"),
            ({"region_name": "sa-east-1"}, "sa-east-1"),
        ],
    )
    def test_a_wrong_parameter(
        self, faults: FaultProxy, proxied: S3Client, name: str, parameters: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(errors.InvalidInput, match=message):
            create_bucket(proxied, name, **parameters)

        assert not faults.requests


class TestExistingBucket:
    def test_is_adopted_without_changes(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        result = create_bucket(proxied, bucket)

        assert result.status == "existed"
        assert result.region in (proxied.meta.region_name, None)
        assert not faults.count("PUT")

    def test_is_an_error_with_if_exists_fail(self, s3: S3Client, bucket: str) -> None:
        with pytest.raises(errors.BucketExists, match=bucket):
            create_bucket(s3, bucket, if_exists="fail")

    @pytest.mark.parametrize("if_exists", ["adopt", "fail"])
    def test_of_another_account_is_an_error(
        self, server: S3Server, faults: FaultProxy, bucket: str, if_exists: Any
    ) -> None:
        with pytest.raises(errors.BucketNotMine, match="another account") as caught:
            create_bucket(other_account_client(server, faults), bucket, if_exists=if_exists)

        assert caught.value.bucket == bucket

    @pytest.mark.needs("bucket_tagging")
    def test_of_another_account_is_not_changed(
        self, server: S3Server, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        with pytest.raises(errors.BucketNotMine):
            create_bucket(other_account_client(server, faults), bucket, settings={"tags": {"team": "data"}})

        with pytest.raises(s3.exceptions.ClientError, match="NoSuchTagSet"):
            s3.get_bucket_tagging(Bucket=bucket)

    @pytest.mark.needs("any_region")
    def test_in_another_region_is_an_error_that_names_both(self, server: S3Server, bucket: str) -> None:
        with pytest.raises(errors.BucketInOtherRegion, match=f"{server.region}, not in sa-east-1"):
            create_bucket(client_in(server, "sa-east-1"), bucket)

    def test_in_another_region_is_recognised_by_the_redirect(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD", times=None).respond(301, headers={"x-amz-bucket-region": "eu-west-3"})

        with pytest.raises(errors.BucketInOtherRegion, match="eu-west-3"):
            create_bucket(proxied, bucket)

    def test_is_adopted_even_if_head_bucket_is_denied(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD", times=None).respond(403)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_not_adopted_if_list_buckets_is_denied(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on(predicate=is_list_buckets).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied, match="not known whether this account owns it") as caught:
            create_bucket(proxied, bucket)

        assert caught.value.action == "s3:ListAllMyBuckets"

    def test_may_appear_late_in_the_list(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on(predicate=is_list_buckets, times=2).respond_body(200, NO_BUCKETS)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_found_on_the_second_page_of_a_server_that_ignores_prefix(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        first = NO_BUCKETS.replace(
            b"<Buckets></Buckets>",
            b"<Buckets><Bucket><Name>aaa</Name></Bucket></Buckets><ContinuationToken>2</ContinuationToken>",
        )
        second = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on(predicate=is_list_buckets).respond_body(200, first)
        faults.on(predicate=is_list_buckets, query="continuation-token=2").respond_body(200, second)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_adopted_if_the_server_returns_no_region(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        listed = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on("HEAD", times=None).respond(200)
        faults.on(predicate=is_list_buckets).respond_body(200, listed)
        faults.on("GET", query="location").respond_body(200, b"<LocationConstraint></LocationConstraint>")

        result = create_bucket(proxied, bucket)

        assert result.status == "existed"
        assert "region" not in result.to_xcom()

    @pytest.mark.parametrize(("location", "region"), [("EU", "eu-west-1"), ("eu-west-3", "eu-west-3")])
    def test_is_in_the_region_of_its_location_if_head_bucket_returns_none(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, location: str, region: str
    ) -> None:
        listed = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on("HEAD", times=None).respond(200)
        faults.on(predicate=is_list_buckets).respond_body(200, listed)
        body = f"<LocationConstraint>{location}</LocationConstraint>".encode()
        faults.on("GET", query="location").respond_body(200, body)

        with pytest.raises(errors.BucketInOtherRegion, match=f"in {region}, not in"):
            create_bucket(proxied, bucket)


class TestHeadBucketThatFails:
    def test_with_400_is_followed_by_a_request_that_returns_the_reason(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("HEAD", times=None).respond(400)
        faults.on("GET", query="location", times=None).respond(400, "ExpiredToken")

        with pytest.raises(errors.CredentialsExpired):
            create_bucket(proxied, name)

        assert not faults.count("PUT")

    def test_with_500_creates_nothing(self, faults: FaultProxy, proxied: S3Client, name: str) -> None:
        faults.on("HEAD", times=None).respond(500)

        with pytest.raises(errors.ServerError):
            create_bucket(proxied, name)

        assert not faults.count("PUT")

    @pytest.mark.needs("unknown_keys_refused")
    def test_with_an_unknown_access_key_is_credentials_rejected(self, server: S3Server, bucket: str) -> None:
        with pytest.raises(errors.CredentialsRejected):
            create_bucket(server.as_user("AKIANOSUCHKEYEXAMPLE", "any").client(), bucket)


class TestManyTasksAtOnce:
    def test_all_succeed_and_one_created_it(self, server: S3Server, name: str) -> None:
        clients = [server.client() for _ in range(TASKS)]

        with ThreadPoolExecutor(TASKS) as pool:
            results = list(pool.map(lambda client: create_bucket(client, name), clients))

        assert sorted(result.status for result in results) == ["created", *["existed"] * (TASKS - 1)]

    @pytest.mark.needs("any_region")
    def test_all_succeed_in_us_east_1(self, server: S3Server, name: str) -> None:
        clients = [client_in(server, "us-east-1") for _ in range(TASKS)]

        with ThreadPoolExecutor(TASKS) as pool:
            results = list(pool.map(lambda client: create_bucket(client, name), clients))

        assert {result.region for result in results} == {"us-east-1"}
        assert "created" in {result.status for result in results}

    def test_another_task_creates_it_between_head_and_create(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: create_directly(s3, name))

        assert create_bucket(proxied, name).status == "existed"

    def test_another_task_creates_it_and_if_exists_fail_is_an_error(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: create_directly(s3, name))

        with pytest.raises(errors.BucketExists):
            create_bucket(proxied, name, if_exists="fail")

    @pytest.mark.needs("any_region")
    def test_another_task_creates_it_in_us_east_1_without_an_error(
        self, faults: FaultProxy, server: S3Server, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: create_directly(client_in(server, "us-east-1"), name))

        result = create_bucket(client_in(faults.server, "us-east-1"), name)

        assert result.region == "us-east-1"

    @pytest.mark.needs("any_region")
    def test_another_task_creates_it_in_another_region(
        self, faults: FaultProxy, proxied: S3Client, server: S3Server, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: create_directly(client_in(server, "eu-west-3"), name))

        with pytest.raises(errors.BucketInOtherRegion, match="eu-west-3"):
            create_bucket(proxied, name)

    def test_another_account_creates_it_between_head_and_create(
        self, faults: FaultProxy, s3: S3Client, name: str
    ) -> None:
        other_account = other_account_client(faults.server, faults)
        # If there is no second account, another rule of the proxy rejects CreateBucket before this one.
        has_accounts = faults.server.name in SERVERS_WITH_ACCOUNTS
        faults.on("PUT", at_least=int(has_accounts)).run(lambda _: create_directly(s3, name))

        with pytest.raises(errors.BucketNotMine):
            create_bucket(other_account, name)

    def test_the_settings_are_applied(self, server: S3Server, s3: S3Client, name: str) -> None:
        clients = [server.client() for _ in range(TASKS)]

        with ThreadPoolExecutor(TASKS) as pool:
            list(pool.map(lambda one: create_bucket(one, name, settings={"tags": {"team": "data"}}), clients))

        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "data"}]


class TestCreation:
    def test_with_a_lost_response_counts_as_created(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").lose_response()

        result = create_bucket(proxied, name, if_exists="fail")

        assert result.status == "created"
        assert exists(s3, name)

    def test_is_retried_during_another_operation_on_the_name(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", times=3).respond(409, "OperationAborted")

        assert create_bucket(proxied, name).status == "created"

    def test_is_a_retryable_error_if_the_other_operation_does_not_end(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", times=None).respond(409, "OperationAborted")

        with pytest.raises(errors.RequestConflict) as caught:
            create_bucket(proxied, name)

        assert caught.value.retryable
        assert faults.count("PUT") == len(SHORT_WAITS) + 1

    def test_that_is_denied_names_the_missing_permission(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT").respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            create_bucket(proxied, name)

        assert caught.value.action == "s3:CreateBucket"

    @pytest.mark.parametrize(
        ("code", "cls"),
        [
            ("InvalidBucketAclWithObjectOwnership", errors.AclsDisabled),
            ("InvalidBucketAclWithBlockPublicAccessError", errors.PublicAccessBlocked),
        ],
    )
    def test_with_a_rejected_acl_names_the_protection(
        self, faults: FaultProxy, proxied: S3Client, name: str, code: str, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("PUT").respond(400, code)

        with pytest.raises(cls, match="There are three options"):
            create_bucket(proxied, name, extra_args={"ACL": "public-read"})

    def test_waits_until_the_bucket_is_visible_everywhere(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("GET", query="tagging", times=2).respond(404, "NoSuchBucket")

        assert create_bucket(proxied, name, settings={"tags": {"a": "b"}}).applied == ("tags",)


@pytest.mark.needs("versioning")
@pytest.mark.parametrize(
    ("stalled", "where"),
    [("HEAD", {}), ("PUT", {}), ("GET", {"query": "versioning"}), ("PUT", {"query": "versioning"})],
    ids=["HeadBucket", "CreateBucket", "reading a setting", "writing a setting"],
)
def test_cancellation_does_not_wait_for_a_response(
    faults: FaultProxy, name: str, stalled: str, where: dict[str, Any]
) -> None:
    watch = StopWatch()
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=20)
    faults.on(stalled, **where, predicate=Soon(watch.set)).stall()
    with pytest.raises(errors.Stopped):
        create_bucket(client, name, settings={"versioning": "Enabled"}, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE


def test_cancellation_does_not_wait_for_the_list_of_buckets(faults: FaultProxy, bucket: str) -> None:
    watch = StopWatch()
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=20)
    faults.on(predicate=lambda request: is_list_buckets(request) and Soon(watch.set)(request)).stall()
    with pytest.raises(errors.Stopped):
        create_bucket(client, bucket, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE


def test_cancellation_does_not_wait_for_another_tasks_operation(
    faults: FaultProxy, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", (60.0,))
    watch = StopWatch()
    faults.on("PUT", predicate=Soon(watch.set)).respond(409, "OperationAborted")
    with pytest.raises(errors.Stopped):
        create_bucket(faults.server.client(), name, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE
