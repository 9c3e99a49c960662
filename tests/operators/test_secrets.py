"""Airflow's logs and rendered fields show no secret of a parameter."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields

from airflow_s3ops.operators import CreateBucketOperator, DeleteObjectOperator, UploadFileOperator
from airflow_s3ops.operators.secrets import mask_secrets
from tests.compat import redact
from tests.operators.tasks import render

if TYPE_CHECKING:
    from airflow_s3ops.operators.base import S3OpsOperator

# Airflow's masker never forgets a secret, so each test has a different one.


def shown(operator: S3OpsOperator) -> str:
    """Return the rendered fields as Airflow's task runner stores them."""
    return json.dumps(_serialize_rendered_fields(operator))


def test_a_customer_key_from_a_template_is_masked() -> None:
    operator = UploadFileOperator(
        task_id="t",
        filename="f",
        bucket="b",
        extra_args={"SSECustomerKey": "{{ key }}", "ContentType": "a/b"},
    )
    render(operator, key="first-key-of-32-characters-length")
    assert operator.extra_args is not None
    assert operator.extra_args["SSECustomerKey"] == "first-key-of-32-characters-length"
    assert "first-key" not in shown(operator)
    assert "a/b" in shown(operator)


def test_a_customer_key_of_bytes_is_masked_as_airflow_shows_it() -> None:
    key = bytes(range(100, 132)) + b"\xff\x00'second"
    operator = UploadFileOperator(task_id="t", filename="f", bucket="b", extra_args={"SSECustomerKey": key})
    assert "second" in shown(operator)  # not registered yet
    render(operator)
    assert "second" not in shown(operator)


def test_a_customer_key_is_masked_as_a_request_header_holds_it() -> None:
    mask_secrets({"SSECustomerKey": "third-key-of-32-characters-length"})
    header = base64.b64encode(b"third-key-of-32-characters-length").decode()
    assert redact(f"header: {header}") == "header: ***"


def test_a_proxys_password_is_masked() -> None:
    operator = DeleteObjectOperator(
        task_id="t",
        bucket="b",
        key="k",
        botocore_config={"proxies": {"https": "http://me:fourth-password@proxy:3128"}},
    )
    render(operator)
    assert "fourth-password" not in shown(operator)
    assert redact("http://me:fourth-password@proxy:3128") == "http://me:***@proxy:3128"


def test_a_masked_value_does_not_show_in_logs() -> None:
    operator = CreateBucketOperator(
        task_id="t", bucket="b", extra_args={"SSECustomerKey": "fifth-key-of-32-characters-length"}
    )
    render(operator)
    assert redact("sent fifth-key-of-32-characters-length") == "sent ***"


@pytest.mark.parametrize(
    "parameters", [None, {}, "text", ["a"], {"proxies": "http://p"}, {"SSECustomerKey": ""}]
)
def test_parameters_without_a_secret_mask_nothing(parameters: Any) -> None:
    mask_secrets(parameters)
    assert redact("a text") == "a text"
