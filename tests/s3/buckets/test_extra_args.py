"""What CreateBucket is sent is checked against botocore's own model before anything is sent."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from airflow_s3ops.s3.buckets.extra_args import create_bucket_args
from airflow_s3ops.s3.buckets.settings import BucketSettings
from airflow_s3ops.s3.errors import InvalidExtraArgs

SEOUL = {"LocationConstraint": "ap-northeast-2"}


def args(extra_args: dict[str, Any] | None, settings: BucketSettings | None = None) -> dict[str, Any]:
    client = boto3.session.Session().client(
        "s3", region_name="ap-northeast-2", aws_access_key_id="x", aws_secret_access_key="y"
    )
    return create_bucket_args(client, (settings or BucketSettings()).checked(), extra_args, SEOUL)


def test_no_extra_args_leave_the_region() -> None:
    assert args(None) == {"CreateBucketConfiguration": SEOUL}


def test_a_configuration_of_the_callers_is_joined_with_the_region() -> None:
    tags = [{"Key": "team", "Value": "data"}]

    assert args({"CreateBucketConfiguration": {"Tags": tags}}) == {
        "CreateBucketConfiguration": {"Tags": tags, **SEOUL}
    }


def test_settings_that_belong_to_the_making_are_part_of_it() -> None:
    settings = BucketSettings(object_ownership="ObjectWriter", object_lock={"mode": "GOVERNANCE", "days": 1})

    assert args({"ACL": "public-read"}, settings) == {
        "ACL": "public-read",
        "ObjectOwnership": "ObjectWriter",
        "ObjectLockEnabledForBucket": True,
        "CreateBucketConfiguration": SEOUL,
    }


def test_extra_args_are_not_changed() -> None:
    given: dict[str, Any] = {"ACL": "private", "CreateBucketConfiguration": {}}

    args(given, BucketSettings(object_ownership="ObjectWriter"))

    assert given == {"ACL": "private", "CreateBucketConfiguration": {}}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"Acl": "private"}, "Did you mean 'ACL'"),
        ({"ObjectOwner": "ObjectWriter"}, "Did you mean 'ObjectOwnership'"),
        ({"Zzz": 1}, "It knows ACL, "),
        ({"ACL": 7}, "ACL"),
        ({"ObjectLockEnabledForBucket": "yes"}, "ObjectLockEnabledForBucket"),
        ({"CreateBucketConfiguration": "eu-west-1"}, "CreateBucketConfiguration"),
        ({"CreateBucketConfiguration": {"Tag": []}}, "Tag"),
        ({"CreateBucketConfiguration": SEOUL}, "region_name="),
        ({"LocationConstraint": "eu-west-1"}, "region_name="),
        ({"Bucket": "other"}, "bucket="),
    ],
)
def test_what_create_bucket_does_not_know_is_refused_with_what_it_does(
    wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidExtraArgs, match=words):
        args(wrong)


@pytest.mark.parametrize("wrong", [5, 0, "ACL", ["ACL"]], ids=repr)
def test_what_is_no_mapping_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidExtraArgs, match="not a mapping"):
        args(wrong)


def test_settings_and_extra_args_must_not_contradict_each_other() -> None:
    with pytest.raises(InvalidExtraArgs, match=r"ObjectOwnership='ObjectWriter'.*'BucketOwnerEnforced'"):
        args({"ObjectOwnership": "ObjectWriter"}, BucketSettings(object_ownership="BucketOwnerEnforced"))
