"""The region of a bucket: the requested one, the one in a request, and the one in a response."""

from __future__ import annotations

import boto3
import pytest

from airflow_s3ops.s3.buckets.region import location_constraint, region, region_in, requested_region
from airflow_s3ops.s3.errors import InvalidInput


def requested_region_for(of_client: str, region_name: str | None) -> str:
    client = boto3.session.Session().client(
        "s3", region_name=of_client, aws_access_key_id="x", aws_secret_access_key="y"
    )
    return requested_region(client, region_name)


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
def test_is_the_given_one_or_the_clients(of_client: str, given: str | None, region_name: str) -> None:
    assert requested_region_for(of_client, given) == region_name


@pytest.mark.parametrize("given", ["us-east-1", "eu-west-3"])
def test_must_be_the_clients_region_unless_that_is_us_east_1(given: str) -> None:
    with pytest.raises(InvalidInput, match=rf"in {given}, but .* of eu-west-1.*region_name='{given}'"):
        requested_region_for("eu-west-1", given)


def test_us_east_1_must_not_be_named() -> None:
    assert location_constraint("us-east-1") == {}


@pytest.mark.parametrize("name", ["eu-west-1", "us-east-2", "ap-northeast-2", "local"])
def test_every_other_region_must_be_named(name: str) -> None:
    assert location_constraint(name) == {"LocationConstraint": name}


@pytest.mark.parametrize(
    ("name", "current"),
    [("EU", "eu-west-1"), ("US", "us-east-1"), ("eu-west-3", "eu-west-3"), ("", None), (None, None)],
)
def test_old_names_are_replaced(name: str | None, current: str | None) -> None:
    assert region(name) == current


def test_is_read_from_the_response_header() -> None:
    response = {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-3"}}}

    assert region_in(response) == "eu-west-3"


@pytest.mark.parametrize(
    "response", [{}, {"ResponseMetadata": {}}, {"ResponseMetadata": {"HTTPHeaders": {}}}]
)
def test_is_none_in_a_response_without_the_header(response: dict[str, object]) -> None:
    assert region_in(response) is None
