"""How the new state of a setting is computed, also from states that only AWS returns."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import boto3
import pytest

from airflow_s3ops.s3.buckets.setting_table import LIFECYCLE_RULE_ID, SETTINGS, State
from airflow_s3ops.s3.buckets.settings import BucketSettings
from airflow_s3ops.s3.requests.iam_actions import actions_of

TABLE = {setting.name: setting for setting in SETTINGS}
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}"
ALL_PUBLIC_ACCESS_BLOCKED = {
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
}


def new_state(name: str, state: State, value: Any) -> State:
    checked = BucketSettings.of({name: value}).checked()
    return TABLE[name].merged(state, getattr(checked, name))


def encryption(algorithm: str, key: str | None = None, **rule: Any) -> State:
    by_default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default, **rule}]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def abort_rule(days: int, **rule: Any) -> dict[str, Any]:
    return {
        "ID": LIFECYCLE_RULE_ID,
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
        **(rule or {"Filter": {"Prefix": ""}}),
    }


def lock(**retention: Any) -> State:
    rule = {"Rule": {"DefaultRetention": retention}} if retention else {}
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rule}}


def test_settings_are_applied_in_the_order_of_the_fields() -> None:
    assert list(TABLE) == [field.name for field in fields(BucketSettings)]


@pytest.mark.parametrize("setting", SETTINGS, ids=TABLE)
def test_every_operation_has_a_known_permission(setting: Any) -> None:
    client = boto3.session.Session().client(
        "s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y"
    )

    for verb in ("get", "put"):
        operation = client.meta.method_to_api_mapping[f"{verb}_{setting.operation}"]
        assert actions_of(operation).startswith(f"s3:{verb.capitalize()}")


# The defaults of a new bucket on AWS, according to the User Guide.
@pytest.mark.parametrize(
    ("name", "state", "value"),
    [
        (
            "object_ownership",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
            "BucketOwnerEnforced",
        ),
        ("block_public_access", ALL_PUBLIC_ACCESS_BLOCKED, True),
        ("encryption", encryption("AES256", BucketKeyEnabled=False), "AES256"),
        (
            "encryption",
            encryption("AES256", BucketKeyEnabled=True, BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]}),
            "AES256",
        ),
    ],
)
def test_the_defaults_of_aws_need_no_change(name: str, state: State, value: Any) -> None:
    assert new_state(name, state, value) == state


@pytest.mark.parametrize("name", list(TABLE))
def test_a_state_with_the_value_needs_no_change(name: str) -> None:
    values: dict[str, Any] = {
        "object_ownership": "ObjectWriter",
        "block_public_access": True,
        "versioning": "Suspended",
        "encryption": {"kms_key_id": KEY},
        "tags": {"team": "data"},
        "abort_incomplete_uploads_days": 7,
        "object_lock": {"mode": "COMPLIANCE", "years": 1},
        "policy": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]},
    }

    state = new_state(name, {}, values[name])

    assert state
    assert new_state(name, state, values[name]) == state


class TestPublicAccess:
    def test_that_was_never_blocked_needs_no_change_to_be_unblocked(self) -> None:
        assert new_state("block_public_access", {}, value=False) == {}

    @pytest.mark.parametrize("value", [True, False])
    def test_that_is_partly_blocked_is_changed_for_both_values(self, value: bool) -> None:  # noqa: FBT001
        part = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}

        switches = new_state("block_public_access", part, value)["PublicAccessBlockConfiguration"]

        assert list(switches.values()) == [value] * 4


class TestEncryption:
    @pytest.mark.parametrize("given", [KEY, KEY_ARN])
    def test_with_the_same_key_needs_no_change(self, given: str) -> None:
        state = encryption("aws:kms", KEY_ARN, BucketKeyEnabled=True)

        assert new_state("encryption", state, {"kms_key_id": given}) == state

    def test_with_the_same_alias_needs_no_change(self) -> None:
        state = encryption("aws:kms", "arn:aws:kms:eu-west-1:111122223333:alias/x", BucketKeyEnabled=True)

        assert new_state("encryption", state, {"kms_key_id": "alias/x"}) == state

    @pytest.mark.parametrize(
        "value",
        [
            "AES256",
            "aws:kms",
            {"kms_key_id": "alias/x"},
            {"kms_key_id": KEY, "bucket_key": False},
            {"kms_key_id": KEY[1:]},
        ],
    )
    def test_with_another_algorithm_or_key_is_changed(self, value: Any) -> None:
        state = encryption("aws:kms", KEY_ARN, BucketKeyEnabled=True)

        assert new_state("encryption", state, value) != state

    def test_keeps_other_fields_of_its_rule(self) -> None:
        blocked = {"EncryptionType": ["SSE-C"]}

        changed = new_state("encryption", encryption("AES256", BlockedEncryptionTypes=blocked), "aws:kms")

        assert changed == encryption("aws:kms", BucketKeyEnabled=True, BlockedEncryptionTypes=blocked)


class TestTags:
    def test_keep_other_tags_including_those_of_aws(self) -> None:
        state = {
            "TagSet": [
                {"Key": "aws:cloudformation:stack-name", "Value": "x"},
                {"Key": "team", "Value": "old"},
            ]
        }

        assert new_state("tags", state, {"team": "new", "more": "1"}) == {
            "TagSet": [
                {"Key": "aws:cloudformation:stack-name", "Value": "x"},
                {"Key": "team", "Value": "new"},
                {"Key": "more", "Value": "1"},
            ]
        }

    def test_in_another_order_need_no_change(self) -> None:
        state = {"TagSet": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]}

        assert new_state("tags", state, {"a": "1", "b": "2"}) == state


class TestAbortingIncompleteUploads:
    OTHERS: Any = (
        {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}},
        {"ID": "tmp", "Status": "Disabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
    )

    def test_keeps_the_other_rules_and_the_fields_beside_them(self) -> None:
        state = {"Rules": [*self.OTHERS], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}

        assert new_state("abort_incomplete_uploads_days", state, 7) == {
            **state,
            "Rules": [*self.OTHERS, abort_rule(7)],
        }

    def test_replaces_its_own_rule(self) -> None:
        state = {"Rules": [abort_rule(3), *self.OTHERS]}

        assert new_state("abort_incomplete_uploads_days", state, 7)["Rules"] == [*self.OTHERS, abort_rule(7)]

    @pytest.mark.parametrize("rule", [abort_rule(7), abort_rule(7, Prefix=""), abort_rule(7, Filter={})])
    def test_with_the_same_days_needs_no_change(self, rule: Any) -> None:
        state = {"Rules": [rule, *self.OTHERS]}

        assert new_state("abort_incomplete_uploads_days", state, 7) == state

    @pytest.mark.parametrize(
        "rule",
        [{**abort_rule(7), "Status": "Disabled"}, abort_rule(7, Filter={"Prefix": "logs/"}), abort_rule(8)],
    )
    def test_restores_its_own_rule_if_it_was_edited(self, rule: Any) -> None:
        assert new_state("abort_incomplete_uploads_days", {"Rules": [rule]}, 7) == {"Rules": [abort_rule(7)]}

    def test_uses_the_old_form_if_other_rules_use_it(self) -> None:
        old = {"ID": "logs", "Status": "Enabled", "Prefix": "logs/", "Expiration": {"Days": 30}}

        rules = new_state("abort_incomplete_uploads_days", {"Rules": [old]}, 7)["Rules"]

        assert rules == [old, abort_rule(7, Prefix="")]

    def test_sends_the_minimum_size_beside_the_rules(self) -> None:
        request = TABLE["abort_incomplete_uploads_days"].request(
            {"Rules": [abort_rule(7)], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
        )

        assert request == {
            "LifecycleConfiguration": {"Rules": [abort_rule(7)]},
            "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
        }


class TestObjectLock:
    @pytest.mark.parametrize("state", [lock(), lock(Mode="GOVERNANCE", Days=1)])
    def test_that_is_enabled_needs_no_change_with_any_retention(self, state: State) -> None:
        assert new_state("object_lock", state, value=True) == state

    @pytest.mark.parametrize(
        "state", [lock(Mode="GOVERNANCE", Days=1), lock(Mode="GOVERNANCE", Days=1, Years=0)]
    )
    def test_with_the_same_retention_needs_no_change(self, state: State) -> None:
        assert new_state("object_lock", state, {"mode": "GOVERNANCE", "days": 1}) == state

    @pytest.mark.parametrize(
        "state",
        [
            lock(),
            lock(Mode="COMPLIANCE", Days=1),
            lock(Mode="GOVERNANCE", Days=2),
            lock(Mode="GOVERNANCE", Years=1),
        ],
    )
    def test_with_another_retention_is_changed(self, state: State) -> None:
        assert new_state("object_lock", state, {"mode": "GOVERNANCE", "days": 1}) == lock(
            Mode="GOVERNANCE", Days=1
        )

    def test_keeps_other_fields_of_its_retention(self) -> None:
        state = lock(Mode="GOVERNANCE", Years=1, DefaultEventHold={"Days": 3})

        changed = new_state("object_lock", state, {"mode": "GOVERNANCE", "days": 1})

        assert changed == lock(DefaultEventHold={"Days": 3}, Mode="GOVERNANCE", Days=1)


def test_versioning_sends_only_the_status() -> None:
    state = new_state("versioning", {"Status": "Suspended", "MFADelete": "Disabled"}, "Enabled")

    assert TABLE["versioning"].request(state) == {"VersioningConfiguration": {"Status": "Enabled"}}


def test_a_policy_with_the_same_meaning_is_not_changed() -> None:
    current = {
        "Policy": json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}}, indent=1)
    }
    statement = {"Action": ["s3:*"], "Effect": "Deny", "Principal": {"AWS": "*"}}

    assert new_state("policy", current, {"Statement": [statement]}) == current
