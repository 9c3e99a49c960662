"""Detect whether a client's requests are intercepted in this process, such as by moto."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest
from botocore import awsrequest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session
from botocore.stub import Stubber
from moto import mock_aws

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.burst.unsupported import unsupported_reason
from airflow_s3ops.s3.requests.in_process import intercepted_in_process
from airflow_s3ops.s3.uploads.small_files.fast_path import templates_of
from tests.s3.uploads.small_files.support import batch_args

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from types_boto3_s3 import S3Client


def client_of(endpoint_url: str | None = None) -> S3Client:
    return boto3.session.Session().client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="s",
    )


def respond(request: AWSPreparedRequest, **_: object) -> Any:
    return AWSResponse(request.url, 200, HTTPHeaders(), None)


def test_an_ordinary_client_is_not_intercepted() -> None:
    assert not intercepted_in_process(client_of(), "a-bucket")


def test_moto_intercepts_only_while_its_mock_is_active() -> None:
    with mock_aws():
        client = client_of()
        assert intercepted_in_process(client, "a-bucket")
        assert "intercepted in this process" in (unsupported_reason(client, "a-bucket", {}) or "")
    assert not intercepted_in_process(client, "a-bucket")


def test_moto_does_not_intercept_a_clients_own_endpoint() -> None:
    with mock_aws():
        assert not intercepted_in_process(client_of(endpoint_url="http://127.0.0.1:1"), "a-bucket")


def test_the_check_uses_up_no_response_of_a_stubber() -> None:
    client = client_of()
    with Stubber(client) as stubber:
        stubber.add_response("put_object", {})
        assert intercepted_in_process(client, "a-bucket")
        client.put_object(Bucket="a-bucket", Key="a")
        stubber.assert_no_pending_responses()
    assert not intercepted_in_process(client, "a-bucket")


@pytest.mark.parametrize("event", ["before-send", "before-send.s3", "before-send.s3.PutObject"])
def test_only_a_handler_that_responds_is_detected(event: str) -> None:
    seen: list[str] = []
    client = client_of()
    client.meta.events.register(event, lambda request, **_: seen.append(request.url))
    assert not intercepted_in_process(client, "a-bucket")
    assert seen[0].startswith("https://s3.eu-west-1.amazonaws.com/a-bucket/s3ops-")
    client.meta.events.register(event, respond)
    assert intercepted_in_process(client, "a-bucket")


def test_a_handler_that_forbids_requests_is_detected() -> None:
    def forbid(**_: object) -> None:
        raise AssertionError("no request in a unit test")

    client = client_of()
    client.meta.events.register("before-send", forbid)
    assert intercepted_in_process(client, "a-bucket")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (BaseClient, "_make_api_call"),
        (URLLib3Session, "send"),
        (awsrequest.AWSHTTPSConnectionPool, "ConnectionCls"),  # as VCR does
    ],
)
def test_a_replaced_function_of_botocore_is_detected(owner: type, name: str) -> None:
    with mock.patch.object(owner, name):
        assert intercepted_in_process(client_of(), "a-bucket")


def test_a_wrapped_function_of_botocore_is_not_intercepting(monkeypatch: pytest.MonkeyPatch) -> None:
    original = URLLib3Session.send

    @wraps(original)
    def traced(*given: Any) -> Any:
        return original(*given)

    monkeypatch.setattr(URLLib3Session, "send", traced)
    assert not intercepted_in_process(client_of(), "a-bucket")


def test_a_replaced_method_of_the_client_is_refused() -> None:
    client = client_of()
    with (
        mock.patch.object(client, "put_object"),
        pytest.raises(errors.InvalidInput, match="PutObject") as error,
    ):
        templates_of(client, batch_args("a-bucket"))
    assert "max_concurrency=1" in error.value.advice
