"""The region of a bucket: asked for by name, put into a request by S3's rule, read from S3's answers."""

from __future__ import annotations

import boto3
import pytest

from airflow_s3ops.s3.buckets.region import asked_region, location_constraint, region, region_in
from airflow_s3ops.s3.errors import InvalidInput


def cancellable_client(of_client: str, region_name: str | None) -> str:
    client = boto3.session.Session().client(
        "s3", region_name=of_client, aws_access_key_id="x", aws_secret_access_key="y"
    )
    return asked_region(client, region_name)


@pytest.mark.parametrize(
    ("of_client", "given", "region_name"),
    [
        ("eu-west-1", None, "eu-west-1"),
        ("eu-west-1", "", "eu-west-1"),
        ("eu-west-1", "eu-west-1", "eu-west-1"),
        ("eu-west-1", "EU", "eu-west-1"),
        ("us-east-1", "eu-west-1", "eu-west-1"),
        ("aws-global", None, "us-east-1"),
        ("aws-global", "eu-west-1", "eu-west-1"),
    ],
)
def test_is_the_given_one_else_the_clients(of_client: str, given: str | None, region_name: str) -> None:
    assert cancellable_client(of_client, given) == region_name


@pytest.mark.parametrize("given", ["us-east-1", "eu-west-3"])
def test_must_be_the_clients_own_as_no_other_endpoint_makes_buckets_there(given: str) -> None:
    with pytest.raises(InvalidInput, match=rf"in {given}, but .* of eu-west-1.*region_name='{given}'"):
        cancellable_client("eu-west-1", given)


def test_us_east_1_must_not_be_named() -> None:
    assert location_constraint("us-east-1") == {}


@pytest.mark.parametrize("name", ["eu-west-1", "us-east-2", "ap-northeast-2", "local"])
def test_every_other_region_must_be_named(name: str) -> None:
    assert location_constraint(name) == {"LocationConstraint": name}


@pytest.mark.parametrize(
    ("name", "today"),
    [("EU", "eu-west-1"), ("US", "us-east-1"), ("eu-west-3", "eu-west-3"), ("", None), (None, None)],
)
def test_has_its_name_of_today(name: str | None, today: str | None) -> None:
    assert region(name) == today


def test_is_read_from_an_answers_header() -> None:
    answer = {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-3"}}}

    assert region_in(answer) == "eu-west-3"


@pytest.mark.parametrize("answer", [{}, {"ResponseMetadata": {}}, {"ResponseMetadata": {"HTTPHeaders": {}}}])
def test_is_none_in_an_answer_without_it(answer: dict[str, object]) -> None:
    assert region_in(answer) is None
