"""The identity of a client, as a log shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, RefreshableCredentials

from airflow_s3ops.s3.requests.caller import caller_of, masked_access_key

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.servers import S3Server


def client_with(credentials: Any) -> S3Client:
    session = boto3.session.Session(region_name="eu-west-1")
    core: Any = session._session
    core._credentials = credentials
    return session.client("s3")


def never() -> dict[str, str]:
    raise AssertionError("a log line must not cause a request")


def test_it_names_identity_region_and_endpoint(server: S3Server) -> None:
    client = server.as_user("AKIAIOSFODNN7EXAMPLE", "secret-of-mine").client()
    reason = str(caller_of(client))
    assert reason == f"access key …MPLE, region {server.region}, endpoint {server.endpoint_url}"


def test_only_the_last_four_characters_of_a_key_are_shown() -> None:
    assert masked_access_key("AKIAIOSFODNN7EXAMPLE") == "access key …MPLE"


@pytest.mark.parametrize("access_key", ["", "root", "elevenchars"])
def test_no_character_of_a_short_key_is_shown(access_key: str) -> None:
    assert masked_access_key(access_key) == "access key …"


def test_an_anonymous_client_is_shown_as_anonymous() -> None:
    client = boto3.session.Session().client(
        "s3", region_name="eu-west-1", config=Config(signature_version=UNSIGNED)
    )
    assert caller_of(client).identity == "no credentials (anonymous)"


def test_an_assumed_role_is_shown_by_its_key_and_not_refreshed() -> None:
    long_ago = "2001-01-01T00:00:00Z"
    credentials = RefreshableCredentials.create_from_metadata(
        metadata={
            "access_key": "ASIAIOSFODNN7ROLEKEY",
            "secret_key": "s",
            "token": "t",
            "expiry_time": long_ago,
        },
        refresh_using=never,
        method="sts-assume-role",
    )
    assert caller_of(client_with(credentials)).identity == "access key …EKEY"


def test_a_role_that_is_not_yet_assumed_is_shown_by_its_method() -> None:
    credentials = DeferredRefreshableCredentials(refresh_using=never, method="assume-role-with-web-identity")
    identity = caller_of(client_with(credentials)).identity
    assert identity == "credentials from assume-role-with-web-identity"


def test_no_part_of_a_secret_is_shown(server: S3Server) -> None:
    client = server.as_user("AKIAIOSFODNN7EXAMPLE", "secret-of-mine").client()
    assert "secret-of-mine" not in str(caller_of(client)) + repr(caller_of(client))


def test_a_login_in_the_address_is_not_shown() -> None:
    client = boto3.session.Session().client(
        "s3", region_name="eu-west-1", endpoint_url="http://someuser:hush99@s3.example.com"
    )
    assert caller_of(client).endpoint == "http://s3.example.com"
