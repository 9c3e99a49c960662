"""Apply settings: differences are written and read back, and every error names its setting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.setting_table import LIFECYCLE_RULE_ID, SETTINGS
from airflow_s3ops.s3.buckets.settings import BucketSettings
from airflow_s3ops.s3.buckets.settings_apply import apply_settings
from tests.s3.buckets.support import ONE_TRY, SHORT_WAITS
from tests.servers import Ability, lacks_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

NEEDS = {
    "object_ownership": "ownership_controls",
    "block_public_access": "block_public_access",
    "versioning": "versioning",
    "encryption": "bucket_encryption",
    "tags": "bucket_tagging",
    "abort_incomplete_uploads_days": "lifecycle",
    "object_lock": "object_lock",
    "policy": "anonymous_read_by_policy",
}
SUBRESOURCE = {
    "object_ownership": "ownershipControls",
    "block_public_access": "publicAccessBlock",
    "versioning": "versioning",
    "encryption": "encryption",
    "tags": "tagging",
    "abort_incomplete_uploads_days": "lifecycle",
    "object_lock": "object-lock",
    "policy": "policy",
}
# Two different values for each setting.
VALUES: dict[str, tuple[Any, Any]] = {
    "object_ownership": ("ObjectWriter", "BucketOwnerPreferred"),
    "block_public_access": (True, False),
    "versioning": ("Enabled", "Suspended"),
    "encryption": (
        "AES256",
        {"kms_key_id": "arn:aws:kms:eu-central-1:111122223333:key/1", "bucket_key": True},
    ),
    "tags": ({"team": "data"}, {"team": "ops", "cost": "7"}),
    "abort_incomplete_uploads_days": (7, 3),
    "object_lock": (True, {"mode": "GOVERNANCE", "days": 1}),
    "policy": ("GetObject", "GetObjectTagging"),
}
ACTIONS = {
    "object_ownership": "BucketOwnershipControls",
    "block_public_access": "BucketPublicAccessBlock",
    "versioning": "BucketVersioning",
    "encryption": "EncryptionConfiguration",
    "tags": "BucketTagging",
    "abort_incomplete_uploads_days": "LifecycleConfiguration",
    "object_lock": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
}


def public_policy(bucket: str, action: str) -> dict[str, Any]:
    resource = f"arn:aws:s3:::{bucket}/public/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": f"s3:{action}", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def setting(bucket: str, name: str, which: int = 0) -> BucketSettings:
    value = VALUES[name][which]
    if name == "policy":
        value = public_policy(bucket, value)
    return BucketSettings.of({name: value})


def each_setting() -> pytest.MarkDecorator:
    """Run a test for each setting that the server supports."""
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=pytest.mark.needs(NEEDS[name])) for name in NEEDS]
    )


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", SHORT_WAITS)


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, with one attempt per request."""
    return faults.server.client(retries=ONE_TRY)


@pytest.fixture
def ready_bucket(s3: S3Client, bucket: str, name: str) -> str:
    """A bucket that meets the requirements of the setting."""
    if name == "object_lock":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


class TestEverySetting:
    @each_setting()
    def test_is_written_once(
        self, faults: FaultProxy, proxied: S3Client, ready_bucket: str, name: str
    ) -> None:
        first = apply_settings(proxied, ready_bucket, setting(ready_bucket, name), created=False)
        second = apply_settings(proxied, ready_bucket, setting(ready_bucket, name), created=False)

        assert (first, second) == ((name,), ())
        assert faults.count("PUT") == 1

    @each_setting()
    def test_is_changed_when_it_differs(self, s3: S3Client, ready_bucket: str, name: str) -> None:
        apply_settings(s3, ready_bucket, setting(ready_bucket, name), created=False)

        assert apply_settings(s3, ready_bucket, setting(ready_bucket, name, 1), created=False) == (name,)
        assert apply_settings(s3, ready_bucket, setting(ready_bucket, name, 1), created=False) == ()

    @each_setting()
    def test_whose_reading_is_denied_names_itself_and_the_permission(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, name: str
    ) -> None:
        faults.on("GET", query=SUBRESOURCE[name]).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied, match=f"BucketSettings.{name}: ") as caught:
            apply_settings(proxied, bucket, setting(bucket, name), created=False)

        assert caught.value.action == f"s3:Get{ACTIONS[name]}"
        assert not faults.count("PUT")

    @each_setting()
    def test_whose_writing_is_denied_names_itself_and_the_permission(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, name: str
    ) -> None:
        faults.on("PUT", query=SUBRESOURCE[name]).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied, match=f"BucketSettings.{name}: ") as caught:
            apply_settings(proxied, bucket, setting(bucket, name), created=False)

        assert caught.value.action == f"s3:Put{ACTIONS[name]}"

    @pytest.mark.parametrize("name", NEEDS)
    @pytest.mark.parametrize(
        ("status", "code"), [(501, "NotImplemented"), (405, "MethodNotAllowed"), (501, None)]
    )
    def test_that_the_server_does_not_support_reading_is_named_in_the_error(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, name: str, status: int, code: str | None
    ) -> None:
        faults.on("GET", query=SUBRESOURCE[name]).respond(status, code)

        with pytest.raises(errors.NotSupportedByServer, match=f"BucketSettings.{name}: "):
            apply_settings(proxied, bucket, setting(bucket, name), created=False)

    @each_setting()
    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (501, "NotImplemented"),
            (405, "MethodNotAllowed"),
            (400, "MalformedXML"),
            (409, "BucketAlreadyOwnedByYou"),
        ],
    )
    def test_that_the_server_does_not_support_writing_is_named_in_the_error(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, name: str, status: int, code: str
    ) -> None:
        faults.on("PUT", query=SUBRESOURCE[name]).respond(status, code)

        with pytest.raises(errors.NotSupportedByServer, match=f"BucketSettings.{name}: "):
            apply_settings(proxied, bucket, setting(bucket, name), created=False)

    @each_setting()
    def test_that_the_server_accepts_but_does_not_keep_is_named_in_the_error(
        self, faults: FaultProxy, proxied: S3Client, bucket: str, name: str
    ) -> None:
        faults.on("PUT", query=SUBRESOURCE[name]).respond(200)

        with pytest.raises(errors.NotSupportedByServer, match=f"BucketSettings.{name} .* did not keep it"):
            apply_settings(proxied, bucket, setting(bucket, name), created=False)

    @each_setting()
    def test_is_retried_during_another_operation(
        self, faults: FaultProxy, proxied: S3Client, ready_bucket: str, name: str
    ) -> None:
        faults.on("PUT", query=SUBRESOURCE[name], times=2).respond(409, "OperationAborted")

        assert apply_settings(proxied, ready_bucket, setting(ready_bucket, name), created=False) == (name,)

    def test_in_the_table_is_tested(self) -> None:
        assert list(VALUES) == [row.name for row in SETTINGS]


def unsupported_settings(server: S3Server) -> list[str]:
    lacks = lacks_of(server.name)
    return [name for name, ability in NEEDS.items() if Ability(ability) in lacks]


def test_a_setting_that_this_server_does_not_support_is_named_in_the_error(
    server: S3Server, s3: S3Client, bucket: str
) -> None:
    messages = {}
    for name in unsupported_settings(server):
        with pytest.raises(errors.NotSupportedByServer) as caught:
            apply_settings(s3, bucket, setting(bucket, name), created=False)
        messages[name] = str(caught.value)

    assert all(f"BucketSettings.{name}" in message for name, message in messages.items())


class TestSeveralSettings:
    @pytest.mark.needs("versioning", "bucket_tagging", "ownership_controls", "anonymous_read_by_policy")
    def test_are_written_in_the_order_of_their_dependencies(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        settings = BucketSettings(
            policy=public_policy(bucket, "GetObject"),
            object_lock=True,
            versioning="Enabled",
            object_ownership="ObjectWriter",
        )

        applied = apply_settings(proxied, bucket, settings, created=False)

        assert applied == ("object_ownership", "versioning", "object_lock", "policy")
        assert [record.query.partition("=")[0] for record in faults.matching("PUT")] == [
            SUBRESOURCE[name] for name in applied
        ]

    def test_that_are_invalid_send_nothing(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        with pytest.raises(errors.InvalidInput, match="versioning"):
            apply_settings(proxied, bucket, BucketSettings(tags={"a": "b"}, versioning="On"), created=False)

        assert not faults.requests

    def test_that_change_nothing_send_nothing(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        assert apply_settings(proxied, bucket, BucketSettings(), created=False) == ()
        assert not faults.requests


class TestNewBucket:
    @pytest.mark.needs("bucket_tagging")
    def test_is_waited_for(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on("GET", query="tagging").respond(404, "NoSuchBucket")
        faults.on("PUT", query="tagging").respond(404, "NoSuchBucket")

        assert apply_settings(proxied, bucket, BucketSettings(tags={"a": "b"}), created=True) == ("tags",)

    def test_is_not_waited_for_if_it_existed_before(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="tagging").respond(404, "NoSuchBucket")

        with pytest.raises(errors.BucketNotFound, match="tags"):
            apply_settings(proxied, bucket, BucketSettings(tags={"a": "b"}), created=False)

    @pytest.mark.needs("bucket_tagging")
    def test_may_return_a_change_late(self, faults: FaultProxy, proxied: S3Client, bucket: str) -> None:
        faults.on("GET", query="tagging", after=1, times=2).respond(404, "NoSuchTagSet")

        assert apply_settings(proxied, bucket, BucketSettings(tags={"a": "b"}), created=True) == ("tags",)


class TestOtherSettings:
    @pytest.mark.needs("bucket_tagging")
    def test_other_tags_are_kept(self, s3: S3Client, bucket: str) -> None:
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "cost", "Value": "7"}]})

        apply_settings(s3, bucket, BucketSettings(tags={"team": "data"}), created=False)

        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
        assert tags == {"cost": "7", "team": "data"}

    @pytest.mark.needs("lifecycle")
    def test_other_lifecycle_rules_are_kept(self, s3: S3Client, bucket: str) -> None:
        logs: Any = {
            "ID": "logs",
            "Status": "Enabled",
            "Filter": {"Prefix": "logs/"},
            "Expiration": {"Days": 30},
        }
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [logs]})

        for days in (7, 3):
            apply_settings(s3, bucket, BucketSettings(abort_incomplete_uploads_days=days), created=False)

        rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
        assert list(rules) == ["logs", LIFECYCLE_RULE_ID]
        assert rules["logs"]["Expiration"] == {"Days": 30}
        assert rules[LIFECYCLE_RULE_ID]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}

    @pytest.mark.needs("anonymous_read_by_policy")
    def test_a_policy_with_the_same_meaning_is_not_written_again(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        policy = public_policy(bucket, "GetObject")
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy, indent=4))
        (statement,) = policy["Statement"]
        same = {"Version": "2012-10-17", "Statement": {**statement, "Action": ["s3:GetObject"]}}

        assert apply_settings(proxied, bucket, BucketSettings(policy=json.dumps(same)), created=False) == ()
        assert not faults.count("PUT")


class TestRejectedSetting:
    @pytest.mark.needs("object_lock")
    def test_object_lock_without_versioning_is_named_as_the_cause(self, s3: S3Client, bucket: str) -> None:
        with pytest.raises(errors.RequestRejected, match='versioning="Enabled"') as caught:
            apply_settings(s3, bucket, BucketSettings(object_lock=True), created=False)

        assert caught.value.code == "InvalidBucketState"

    @pytest.mark.needs("anonymous_read_by_policy")
    def test_a_public_policy_names_block_public_access(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        message = (
            "User: arn:aws:iam::111122223333:user/x is not authorized to perform: s3:PutBucketPolicy on "
            "resource: x because public policies are prevented by the BlockPublicPolicy setting in S3 Block "
            "Public Access."
        )
        faults.on("PUT", query="policy").respond(403, "AccessDenied", message)

        with pytest.raises(errors.PublicAccessBlocked, match="block_public_access=False"):
            apply_settings(proxied, bucket, setting(bucket, "policy"), created=False)

    @pytest.mark.needs("bucket_tagging")
    def test_the_error_has_s3s_message_and_the_cause(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("PUT", query="tagging").respond(400, "InvalidTag", "No such luck")

        with pytest.raises(errors.RequestRejected, match="No such luck") as caught:
            apply_settings(proxied, bucket, BucketSettings(tags={"a": "b"}), created=False)

        assert (caught.value.code, caught.value.bucket) == ("InvalidTag", bucket)
        assert caught.value.__cause__ is not None
