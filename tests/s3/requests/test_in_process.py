"""Detect whether a client's requests are intercepted in this process, such as by moto."""

from __future__ import annotations

import socket
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
from airflow_s3ops.s3.requests.in_process import interception
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
    assert not interception(client_of(), "a-bucket")


def test_moto_intercepts_only_while_its_mock_is_active() -> None:
    with mock_aws():
        client = client_of()
        assert interception(client, "a-bucket")
        reason = unsupported_reason(client, "a-bucket", {}) or ""
        assert reason.startswith("a before-send handler of moto intercepts requests in this process")
    assert not interception(client, "a-bucket")


def test_moto_does_not_intercept_a_clients_own_endpoint() -> None:
    with mock_aws():
        assert not interception(client_of(endpoint_url="http://127.0.0.1:1"), "a-bucket")


def test_the_check_uses_up_no_response_of_a_stubber() -> None:
    client = client_of()
    with Stubber(client) as stubber:
        stubber.add_response("put_object", {})
        assert interception(client, "a-bucket")
        client.put_object(Bucket="a-bucket", Key="a")
        stubber.assert_no_pending_responses()
    assert not interception(client, "a-bucket")


@pytest.mark.parametrize("event", ["before-send", "before-send.s3", "before-send.s3.PutObject"])
@pytest.mark.parametrize("responds_to", ["PUT", "nothing"])
def test_any_other_handler_counts_and_is_not_called(event: str, responds_to: str) -> None:
    called: list[str] = []

    def handle(request: AWSPreparedRequest, **_: object) -> Any:
        called.append(request.url)
        return respond(request) if request.method == responds_to else None

    client = client_of()
    client.meta.events.register(event, handle)
    assert interception(client, "a-bucket") == "a before-send handler of tests"
    assert called == []


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (BaseClient, "_make_api_call"),
        (URLLib3Session, "send"),
        (awsrequest.AWSHTTPSConnectionPool, "ConnectionCls"),  # as VCR does
        (awsrequest.AWSHTTPConnectionPool, "urlopen"),
        (socket, "socket"),
    ],
)
def test_a_replaced_function_is_detected_and_named(owner: Any, name: str) -> None:
    client = client_of()
    with mock.patch.object(owner, name):
        assert "replaced by unittest" in (interception(client, "a-bucket") or "")


def test_a_wrapped_function_of_botocore_is_not_intercepting(monkeypatch: pytest.MonkeyPatch) -> None:
    original = URLLib3Session.send

    @wraps(original)
    def traced(*given: Any) -> Any:
        return original(*given)

    monkeypatch.setattr(URLLib3Session, "send", traced)
    assert not interception(client_of(), "a-bucket")


def test_a_replaced_method_of_the_client_is_refused() -> None:
    client = client_of()
    with (
        mock.patch.object(client, "put_object"),
        pytest.raises(errors.InvalidInput, match="PutObject") as error,
    ):
        templates_of(client, batch_args("a-bucket"))
    assert "max_concurrency=1" in error.value.advice
