"""Links to a bucket or an object for a browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_s3ops.s3.objects.console import console_url


def test_a_bucket_of_aws_opens_in_the_console() -> None:
    url = console_url("a-bucket", region_name="eu-west-1")
    assert url == "https://console.aws.amazon.com/s3/buckets/a-bucket?region=eu-west-1"


def test_an_object_opens_in_the_console() -> None:
    url = console_url("a-bucket", "data/a.csv", region_name="eu-west-1")
    assert url == "https://console.aws.amazon.com/s3/object/a-bucket?region=eu-west-1&prefix=data%2Fa.csv"


def test_a_folder_opens_the_bucket_at_that_prefix() -> None:
    url = console_url("a-bucket", "data/2026/", region_name="eu-west-1")
    assert urlsplit(url).path == "/s3/buckets/a-bucket"
    assert parse_qs(urlsplit(url).query)["prefix"] == ["data/2026/"]


def test_an_unknown_region_is_left_out() -> None:
    assert console_url("a-bucket") == "https://console.aws.amazon.com/s3/buckets/a-bucket"


@pytest.mark.parametrize(
    ("region", "console"),
    [
        ("cn-north-1", "https://console.amazonaws.cn/"),
        ("us-gov-west-1", "https://console.amazonaws-us-gov.com/"),
        ("us-east-1", "https://console.aws.amazon.com/"),
    ],
)
def test_the_region_determines_the_console(region: str, console: str) -> None:
    assert console_url("a-bucket", region_name=region).startswith(console)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://s3.eu-west-1.amazonaws.com",
        "https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com",
        "https://s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_an_endpoint_of_aws_opens_in_the_console(endpoint: str) -> None:
    assert "/s3/buckets/a-bucket" in console_url("a-bucket", region_name="eu-west-1", endpoint_url=endpoint)


@pytest.mark.parametrize(
    ("key", "address"),
    [
        (None, "http://minio.example:9000/a-bucket"),
        ("data/a.csv", "http://minio.example:9000/a-bucket/data/a.csv"),
        ("a?b#c d+ü", "http://minio.example:9000/a-bucket/a%3Fb%23c%20d%2B%C3%BC"),
    ],
)
def test_on_another_server_the_link_is_the_objects_address(key: str | None, address: str) -> None:
    assert console_url("a-bucket", key, endpoint_url="http://minio.example:9000/") == address


def test_credentials_in_the_endpoint_are_not_in_the_link() -> None:
    url = console_url("a-bucket", endpoint_url="http://someuser:hush99@minio.example:9000")
    assert url == "http://minio.example:9000/a-bucket"


def test_a_host_with_a_name_similar_to_aws_is_another_server() -> None:
    url = console_url("a-bucket", endpoint_url="https://amazonaws.com.example.org")
    assert url.startswith("https://amazonaws.com.example.org/a-bucket")


def test_a_key_cannot_add_query_parameters() -> None:
    url = console_url("a-bucket", "a&region=xx#y", region_name="eu-west-1")
    assert parse_qs(urlsplit(url).query) == {"region": ["eu-west-1"], "prefix": ["a&region=xx#y"]}
