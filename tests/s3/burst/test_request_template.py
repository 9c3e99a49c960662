"""A request that botocore made once is the template of many."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_s3ops.s3.uploads.small_files.fast_path import templates_of
from tests.s3.uploads.small_files.support import aws_client, batch_args


@pytest.mark.parametrize(
    ("config", "host", "path"),
    [
        ({"s3": {"addressing_style": "virtual"}}, "my-bucket.s3.eu-west-1.amazonaws.com", "/a%20b"),
        ({"s3": {"addressing_style": "path"}}, "s3.eu-west-1.amazonaws.com", "/my-bucket/a%20b"),
        ({"s3": {"use_accelerate_endpoint": True}}, "my-bucket.s3-accelerate.amazonaws.com", "/a%20b"),
        (
            {"s3": {"use_dualstack_endpoint": True, "addressing_style": "virtual"}},
            "my-bucket.s3.dualstack.eu-west-1.amazonaws.com",
            "/a%20b",
        ),
    ],
)
def test_the_url_is_that_of_botocore(config: dict[str, Any], host: str, path: str) -> None:
    put = templates_of(aws_client(config=config), batch_args("my-bucket")).put
    assert (put.host, put.path("a b"), put.is_https) == (host, path, True)
    assert put.scope is not None
    assert (put.scope.region, put.scope.service) == ("eu-west-1", "s3")
