"""The parameters of CreateBucket are checked against botocore's service model before any request."""

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


def test_without_extra_args_only_the_region_is_sent() -> None:
    assert args(None) == {"CreateBucketConfiguration": SEOUL}


def test_the_callers_configuration_is_merged_with_the_region() -> None:
    tags = [{"Key": "team", "Value": "data"}]

    assert args({"CreateBucketConfiguration": {"Tags": tags}}) == {
        "CreateBucketConfiguration": {"Tags": tags, **SEOUL}
    }


def test_settings_of_create_bucket_are_included() -> None:
    settings = BucketSettings(object_ownership="ObjectWriter", object_lock={"mode": "GOVERNANCE", "days": 1})

    assert args({"ACL": "public-read"}, settings) == {
        "ACL": "public-read",
        "ObjectOwnership": "ObjectWriter",
        "ObjectLockEnabledForBucket": True,
        "CreateBucketConfiguration": SEOUL,
    }


def test_the_given_extra_args_are_not_modified() -> None:
    given: dict[str, Any] = {"ACL": "private", "CreateBucketConfiguration": {}}

    args(given, BucketSettings(object_ownership="ObjectWriter"))

    assert given == {"ACL": "private", "CreateBucketConfiguration": {}}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"Acl": "private"}, "Did you mean 'ACL'"),
        ({"ObjectOwner": "ObjectWriter"}, "Did you mean 'ObjectOwnership'"),
        ({"Zzz": 1}, "Its parameters are ACL, "),
        ({"ACL": 7}, "ACL"),
        ({"ObjectLockEnabledForBucket": "yes"}, "ObjectLockEnabledForBucket"),
        ({"CreateBucketConfiguration": "eu-west-1"}, "CreateBucketConfiguration"),
        ({"CreateBucketConfiguration": {"Tag": []}}, "Tag"),
        ({"CreateBucketConfiguration": SEOUL}, "region_name="),
        ({"LocationConstraint": "eu-west-1"}, "region_name="),
        ({"Bucket": "other"}, "bucket="),
    ],
)
def test_an_invalid_parameter_is_rejected_with_a_suggestion(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidExtraArgs, match=message):
        args(wrong)


@pytest.mark.parametrize("wrong", [5, 0, "ACL", ["ACL"]], ids=repr)
def test_a_value_that_is_not_a_mapping_is_rejected(wrong: Any) -> None:
    with pytest.raises(InvalidExtraArgs, match="not a mapping"):
        args(wrong)


def test_settings_and_extra_args_must_not_contradict_each_other() -> None:
    with pytest.raises(InvalidExtraArgs, match=r"ObjectOwnership='ObjectWriter'.*'BucketOwnerEnforced'"):
        args({"ObjectOwnership": "ObjectWriter"}, BucketSettings(object_ownership="BucketOwnerEnforced"))
