"""The extra link that opens the task's bucket or object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from airflow_s3ops.operators import (
    CreateBucketOperator,
    DeleteBucketOperator,
    DeleteObjectOperator,
    DeleteObjectsOperator,
    UploadFileOperator,
)
from airflow_s3ops.operators.links import S3ConsoleLink
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

    from airflow_s3ops.operators.base import S3OpsOperator
    from tests.servers import S3Server


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a connection to AWS itself."""
    fields = {"conn_type": "aws", "login": "AKIA", "password": "s", "extra": {"region_name": "eu-west-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_OF_AWS", json.dumps(fields))
    return "of_aws"


def link_of(operator: S3OpsOperator) -> str:
    return S3ConsoleLink().get_link(operator, ti_key=cast("TaskInstanceKey", None))


def make(kind: type[S3OpsOperator], **given: Any) -> S3OpsOperator:
    return kind(task_id="t", **given)


def test_its_name_and_xcom_key_do_not_change() -> None:
    assert (S3ConsoleLink().name, S3ConsoleLink().xcom_key) == ("S3 console", "_link_s3_console")


@pytest.mark.parametrize(
    ("kind", "given", "page"),
    [
        (CreateBucketOperator, {"bucket": "a-b"}, "buckets/a-b?region=eu-west-1"),
        (DeleteBucketOperator, {"bucket": "a-b"}, "buckets/a-b?region=eu-west-1"),
        (DeleteObjectOperator, {"bucket": "a-b", "key": "k"}, "object/a-b?region=eu-west-1&prefix=k"),
        (DeleteObjectOperator, {"key": "s3://a-b/c/k"}, "object/a-b?region=eu-west-1&prefix=c%2Fk"),
        (DeleteObjectsOperator, {"bucket": "a-b", "keys": ["k"]}, "buckets/a-b?region=eu-west-1"),
        (DeleteObjectsOperator, {"prefix": "s3://a-b/c/"}, "buckets/a-b?region=eu-west-1&prefix=c%2F"),
        (
            UploadFileOperator,
            {"filename": "/d/f.csv", "bucket": "a-b"},
            "object/a-b?region=eu-west-1&prefix=f.csv",
        ),
        (UploadFileOperator, {"filename": "f", "key": "s3://a-b/k"}, "object/a-b?region=eu-west-1&prefix=k"),
    ],
)
def test_it_opens_the_bucket_or_object_of_the_task(
    aws: str, kind: type[S3OpsOperator], given: dict[str, Any], page: str
) -> None:
    assert link_of(make(kind, aws_conn_id=aws, **given)) == f"https://console.aws.amazon.com/s3/{page}"


def test_the_operators_region_overrides_the_connections(aws: str) -> None:
    operator = make(CreateBucketOperator, bucket="a-b", aws_conn_id=aws, region_name="cn-north-1")
    assert link_of(operator) == "https://console.amazonaws.cn/s3/buckets/a-b?region=cn-north-1"


def test_another_server_has_a_link_with_its_own_address(connection: str, server: S3Server) -> None:
    operator = make(DeleteObjectOperator, bucket="a-b", key="k", aws_conn_id=connection)
    assert link_of(operator) == f"{server.endpoint_url}/a-b/k"


def test_an_endpoint_of_the_environment_is_used_after_the_task_has_run(
    server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", server.region)
    operator = make(DeleteObjectOperator, bucket=bucket, key="k", aws_conn_id=None, verify=server.ca_bundle)
    execute(operator)
    assert link_of(operator) == f"{server.endpoint_url}/{bucket}/k"


def test_an_unknown_connection_still_gives_a_link() -> None:
    operator = make(
        CreateBucketOperator, bucket="a-b", aws_conn_id="no_such_connection", region_name="eu-west-3"
    )
    with pytest.raises(AirflowFailException):
        execute(operator)
    assert link_of(operator) == "https://console.aws.amazon.com/s3/buckets/a-b?region=eu-west-3"


@pytest.mark.parametrize("given", [{"bucket": "", "key": "k"}, {"key": "k"}, {"bucket": "a b", "key": "k"}])
def test_an_invalid_target_has_no_link(connection: str, given: dict[str, Any]) -> None:
    assert link_of(make(DeleteObjectOperator, aws_conn_id=connection, **given)) == ""
