"""Addresses of AWS, and addresses with a login."""

from __future__ import annotations

import pytest

from airflow_s3ops.s3.requests.endpoint import has_login, is_aws, without_login


@pytest.mark.parametrize(
    "address",
    [
        "https://s3.amazonaws.com",
        "https://s3.ap-northeast-2.amazonaws.com:443/",
        "https://s3.dualstack.eu-west-1.amazonaws.com",
        "https://s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_addresses_of_aws(address: str) -> None:
    assert is_aws(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9000", "https://amazonaws.com.example.org", "https://notamazonaws.com", ""]
)
def test_addresses_of_other_servers(address: str) -> None:
    assert not is_aws(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://someuser:hush99@s3.example.com",
        "https://hush99@s3.example.com:9000/path",
        "someuser:hush99@s3.example.com",
        "http://someuser:hush/99@s3.example.com",
    ],
)
def test_addresses_with_a_login(address: str) -> None:
    assert has_login(address)


def test_an_address_without_a_login() -> None:
    assert not has_login("https://s3.example.com:9000/path")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://someuser:hush99@s3.example.com:9000/x", "http://s3.example.com:9000/x"),
        ('"http://hush@99@s3.example.com"', '"http://s3.example.com"'),
        ("https://s3.example.com/mail/to@me.csv", "https://s3.example.com/mail/to@me.csv"),
    ],
)
def test_only_the_logins_are_removed_from_a_text(text: str, shown: str) -> None:
    assert without_login(text) == shown
