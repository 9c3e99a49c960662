"""A bucket is made, or adopted if it is mine and where it was asked for; by any number of tasks at once."""

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
    AT_ONCE,
    HAVE_ACCOUNTS,
    NO_BUCKETS,
    cleaned_up,
    client_in,
    new_bucket_name,
    stranger_to,
)
from tests.s3.uploads.test_cancellation import GRACE, WITHIN, StopWatch
from tests.servers.purge import create_bucket as make_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy, Request
    from tests.servers import S3Server

TASKS = 8


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", AT_ONCE)


@pytest.fixture
def name(s3: S3Client) -> Iterator[str]:
    """A name that no bucket has yet."""
    with cleaned_up(s3, new_bucket_name()) as unused:
        yield unused


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, that tries twice."""
    return faults.server.client()


def is_list_of_buckets(request: Request) -> bool:
    return request.method == "GET" and request.path == "/"


def exists(s3: S3Client, name: str) -> bool:
    return any(bucket["Name"] == name for bucket in s3.list_buckets()["Buckets"])


class TestANewBucket:
    def test_is_there_and_the_result_says_where(self, s3: S3Client, name: str) -> None:
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
    def test_lies_in_the_region_of_the_client(
        self, server: S3Server, s3: S3Client, name: str, region: str
    ) -> None:
        result = create_bucket(client_in(server, region), name)

        assert result.region == region
        assert s3.head_bucket(Bucket=name)["BucketRegion"] == region

    @pytest.mark.needs("any_region")
    def test_may_lie_anywhere_for_a_client_of_us_east_1(
        self, server: S3Server, s3: S3Client, name: str
    ) -> None:
        result = create_bucket(client_in(server, "us-east-1"), name, region_name="eu-west-1")

        assert result.region == "eu-west-1"
        assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"

    @pytest.mark.needs("ownership_at_creation")
    def test_has_the_object_ownership_from_the_beginning(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        result = create_bucket(proxied, name, settings={"object_ownership": "ObjectWriter"})

        assert result.applied == ("object_ownership",)
        assert faults.count("PUT") == 1

    @pytest.mark.needs("ownership_controls")
    def test_takes_acls_where_its_ownership_allows_them(self, s3: S3Client, name: str) -> None:
        settings = BucketSettings(object_ownership="ObjectWriter")

        create_bucket(s3, name, settings=settings, extra_args={"ACL": "public-read"})

        grants = s3.get_bucket_acl(Bucket=name)["Grants"]
        assert ("Group", "READ") in [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants]

    @pytest.mark.needs("object_lock")
    def test_may_have_object_lock_without_asking_for_versions(self, s3: S3Client, name: str) -> None:
        result = create_bucket(s3, name, settings={"object_lock": True})

        assert result.applied == ("object_lock",)
        lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        assert lock["ObjectLockEnabled"] == "Enabled"
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"

    @pytest.mark.needs("versioning", "bucket_tagging")
    def test_has_the_settings_and_names_them_in_order(self, s3: S3Client, name: str) -> None:
        result = create_bucket(s3, name, settings={"tags": {"team": "data"}, "versioning": "Enabled"})

        assert result.applied == ("versioning", "tags")

    @pytest.mark.needs("versioning", "bucket_tagging", "ownership_controls", "object_lock")
    def test_is_left_as_it_is_by_the_second_run(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
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

    def test_stays_when_a_setting_fails_and_the_next_run_goes_on(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", query="tagging").respond(403, "AccessDenied")
        with pytest.raises(errors.AccessDenied, match="tags"):
            create_bucket(proxied, name, settings={"tags": {"team": "data"}})

        result = create_bucket(proxied, name, settings={"tags": {"team": "data"}})

        assert (result.status, result.applied) == ("existed", ("tags",))


class TestNothingIsSentFor:
    @pytest.mark.parametrize("wrong", ["Reports", "ab", "192.168.5.4", ""])
    def test_a_forbidden_name(self, faults: FaultProxy, proxied: S3Client, wrong: str) -> None:
        with pytest.raises(errors.InvalidBucketName):
            create_bucket(proxied, wrong)

        assert not faults.requests

    @pytest.mark.parametrize(
        ("parameters", "words"),
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
        self, faults: FaultProxy, proxied: S3Client, name: str, parameters: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(errors.InvalidInput, match=words):
            create_bucket(proxied, name, **parameters)

        assert not faults.requests


class TestABucketThatIsThere:
    def test_is_adopted_without_touching_it(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        result = create_bucket(proxied, bucket)

        assert result.status == "existed"
        assert result.region in (proxied.meta.region_name, None)
        assert not faults.count("PUT")

    def test_is_refused_where_that_is_asked(self, s3: S3Client, bucket: str) -> None:
        with pytest.raises(errors.BucketExists, match=bucket):
            create_bucket(s3, bucket, if_exists="fail")

    @pytest.mark.parametrize("if_exists", ["adopt", "fail"])
    def test_of_another_account_is_not_mine(
        self, server: S3Server, faults: FaultProxy, bucket: str, if_exists: Any
    ) -> None:
        with pytest.raises(errors.BucketNotMine, match="another account") as caught:
            create_bucket(stranger_to(server, faults), bucket, if_exists=if_exists)

        assert caught.value.bucket == bucket

    @pytest.mark.needs("bucket_tagging")
    def test_of_another_account_is_left_as_it_is(
        self, server: S3Server, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        with pytest.raises(errors.BucketNotMine):
            create_bucket(stranger_to(server, faults), bucket, settings={"tags": {"taken": "over"}})

        with pytest.raises(s3.exceptions.ClientError, match="NoSuchTagSet"):
            s3.get_bucket_tagging(Bucket=bucket)

    @pytest.mark.needs("any_region")
    def test_in_another_region_names_both(self, server: S3Server, bucket: str) -> None:
        with pytest.raises(errors.BucketInOtherRegion, match=f"{server.region}, not in sa-east-1"):
            create_bucket(client_in(server, "sa-east-1"), bucket)

    def test_is_found_in_another_region_by_the_redirect(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD", times=None).respond(301, headers={"x-amz-bucket-region": "eu-west-3"})

        with pytest.raises(errors.BucketInOtherRegion, match="eu-west-3"):
            create_bucket(proxied, bucket)

    def test_is_mine_even_if_i_may_not_look_into_it(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD", times=None).respond(403)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_not_taken_for_mine_where_the_list_is_refused(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on(predicate=is_list_of_buckets).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied, match="whether it is mine cannot be seen") as caught:
            create_bucket(proxied, bucket)

        assert caught.value.action == "s3:ListAllMyBuckets"

    def test_may_show_late_in_the_list(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on(predicate=is_list_of_buckets, times=2).answer_body(200, NO_BUCKETS)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_found_on_the_second_page_of_a_server_that_knows_no_prefix(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        first = NO_BUCKETS.replace(
            b"<Buckets></Buckets>",
            b"<Buckets><Bucket><Name>aaa</Name></Bucket></Buckets><ContinuationToken>2</ContinuationToken>",
        )
        second = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on(predicate=is_list_of_buckets).answer_body(200, first)
        faults.on(predicate=is_list_of_buckets, query="continuation-token=2").answer_body(200, second)

        assert create_bucket(proxied, bucket).status == "existed"

    def test_is_accepted_where_the_server_tells_no_region(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        listed = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on("HEAD", times=None).respond(200)
        faults.on(predicate=is_list_of_buckets).answer_body(200, listed)
        faults.on("GET", query="location").answer_body(200, b"<LocationConstraint></LocationConstraint>")

        result = create_bucket(proxied, bucket)

        assert result.status == "existed"
        assert "region" not in result.to_xcom()

    @pytest.mark.parametrize(("location", "region"), [("EU", "eu-west-1"), ("eu-west-3", "eu-west-3")])
    def test_is_where_its_location_says_if_nothing_else_does(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, location: str, region: str
    ) -> None:
        listed = NO_BUCKETS.replace(
            b"<Buckets></Buckets>", f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>".encode()
        )
        faults.on("HEAD", times=None).respond(200)
        faults.on(predicate=is_list_of_buckets).answer_body(200, listed)
        body = f"<LocationConstraint>{location}</LocationConstraint>".encode()
        faults.on("GET", query="location").answer_body(200, body)

        with pytest.raises(errors.BucketInOtherRegion, match=f"in {region}, not in"):
            create_bucket(proxied, bucket)


class TestALookThatFails:
    def test_with_400_is_asked_again_for_its_reason(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("HEAD", times=None).respond(400)
        faults.on("GET", query="location", times=None).respond(400, "ExpiredToken")

        with pytest.raises(errors.CredentialsExpired):
            create_bucket(proxied, name)

        assert not faults.count("PUT")

    def test_with_500_makes_nothing(self, faults: FaultProxy, proxied: S3Client, name: str) -> None:
        faults.on("HEAD", times=None).respond(500)

        with pytest.raises(errors.ServerError):
            create_bucket(proxied, name)

        assert not faults.count("PUT")

    @pytest.mark.needs("unknown_keys_refused")
    def test_with_an_unknown_key_says_so(self, server: S3Server, bucket: str) -> None:
        with pytest.raises(errors.CredentialsRejected):
            create_bucket(server.as_user("AKIANOSUCHKEYEXAMPLE", "any").client(), bucket)


class TestManyTasksAtOnce:
    def test_all_succeed_and_one_made_it(self, server: S3Server, name: str) -> None:
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

    def test_another_of_mine_between_look_and_creation_made_it(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: make_plainly(s3, name))

        assert create_bucket(proxied, name).status == "existed"

    def test_another_of_mine_is_refused_where_that_is_asked(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: make_plainly(s3, name))

        with pytest.raises(errors.BucketExists):
            create_bucket(proxied, name, if_exists="fail")

    @pytest.mark.needs("any_region")
    def test_another_of_mine_in_us_east_1_is_no_error(
        self, faults: FaultProxy, server: S3Server, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: make_plainly(client_in(server, "us-east-1"), name))

        result = create_bucket(client_in(faults.server, "us-east-1"), name)

        assert result.region == "us-east-1"

    @pytest.mark.needs("any_region")
    def test_another_of_mine_elsewhere_is_in_another_region(
        self, faults: FaultProxy, proxied: S3Client, server: S3Server, name: str
    ) -> None:
        faults.on("PUT").run(lambda _: make_plainly(client_in(server, "eu-west-3"), name))

        with pytest.raises(errors.BucketInOtherRegion, match="eu-west-3"):
            create_bucket(proxied, name)

    def test_a_stranger_between_look_and_creation_took_the_name(
        self, faults: FaultProxy, s3: S3Client, name: str
    ) -> None:
        stranger = stranger_to(faults.server, faults)
        # Where the stranger is played, the proxy refuses the creation before this.
        real = faults.server.name in HAVE_ACCOUNTS
        faults.on("PUT", at_least=int(real)).run(lambda _: make_plainly(s3, name))

        with pytest.raises(errors.BucketNotMine):
            create_bucket(stranger, name)

    def test_the_settings_of_all_are_there(self, server: S3Server, s3: S3Client, name: str) -> None:
        clients = [server.client() for _ in range(TASKS)]

        with ThreadPoolExecutor(TASKS) as pool:
            list(pool.map(lambda one: create_bucket(one, name, settings={"tags": {"team": "data"}}), clients))

        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "data"}]


class TestTheCreation:
    def test_whose_answer_was_lost_counts_as_ours(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, name: str
    ) -> None:
        faults.on("PUT").lose_answer()

        result = create_bucket(proxied, name, if_exists="fail")

        assert result.status == "created"
        assert exists(s3, name)

    def test_is_tried_again_while_the_name_is_busy(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", times=3).respond(409, "OperationAborted")

        assert create_bucket(proxied, name).status == "created"

    def test_is_left_to_a_later_try_when_the_name_stays_busy(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("PUT", times=None).respond(409, "OperationAborted")

        with pytest.raises(errors.RequestConflict) as caught:
            create_bucket(proxied, name)

        assert caught.value.retryable
        assert faults.count("PUT") == len(AT_ONCE) + 1

    def test_that_is_refused_names_the_missing_right(
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
    def test_with_an_acl_that_is_refused_says_which_protection_it_was(
        self, faults: FaultProxy, proxied: S3Client, name: str, code: str, cls: type[errors.S3OpsError]
    ) -> None:
        faults.on("PUT").respond(400, code)

        with pytest.raises(cls, match="There are three options"):
            create_bucket(proxied, name, extra_args={"ACL": "public-read"})

    def test_waits_until_s3_knows_the_bucket_everywhere(
        self, faults: FaultProxy, proxied: S3Client, name: str
    ) -> None:
        faults.on("GET", query="tagging", times=2).respond(404, "NoSuchBucket")

        assert create_bucket(proxied, name, settings={"tags": {"a": "b"}}).applied == ("tags",)


@pytest.mark.needs("versioning")
@pytest.mark.parametrize(
    ("hangs", "where"),
    [("HEAD", {}), ("PUT", {}), ("GET", {"query": "versioning"}), ("PUT", {"query": "versioning"})],
    ids=["the look", "CreateBucket", "the reading of a setting", "the writing of one"],
)
def test_a_stop_does_not_wait_for_an_answer(
    faults: FaultProxy, name: str, hangs: str, where: dict[str, Any]
) -> None:
    watch = StopWatch()
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=20)
    faults.on(hangs, **where, predicate=Soon(watch.set)).stall()
    with pytest.raises(errors.Stopped):
        create_bucket(client, name, settings={"versioning": "Enabled"}, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE


def test_neither_for_the_list_of_buckets(faults: FaultProxy, bucket: str) -> None:
    watch = StopWatch()
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=20)
    faults.on(
        predicate=lambda cancellable_client: (
            is_list_of_buckets(cancellable_client) and Soon(watch.set)(cancellable_client)
        )
    ).stall()
    with pytest.raises(errors.Stopped):
        create_bucket(client, bucket, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE


def test_neither_for_another_tasks_request_to_end(
    faults: FaultProxy, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", (60.0,))
    watch = StopWatch()
    faults.on("PUT", predicate=Soon(watch.set)).respond(409, "OperationAborted")
    with pytest.raises(errors.Stopped):
        create_bucket(faults.server.client(), name, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE
