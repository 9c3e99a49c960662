"""Which address is AWS."""

from __future__ import annotations

import pytest

from airflow_s3ops.s3.requests.endpoint import is_aws


@pytest.mark.parametrize(
    "address",
    [
        "https://s3.amazonaws.com",
        "https://s3.ap-northeast-2.amazonaws.com:443/",
        "https://s3.dualstack.eu-west-1.amazonaws.com",
        "https://s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_these_are(address: str) -> None:
    assert is_aws(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9000", "https://amazonaws.com.example.org", "https://notamazonaws.com", ""]
)
def test_these_are_not(address: str) -> None:
    assert not is_aws(address)
