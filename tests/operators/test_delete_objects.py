"""DeleteObjectsOperator as a task."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.operators import DeleteObjectsOperator
from airflow_s3ops.s3.errors import TooManyObjects
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@pytest.fixture
def filled(s3: S3Client, bucket: str) -> str:
    """A bucket with three objects."""
    for key in ("data/a", "data/b", "other/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    return bucket


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        ({"prefix": "data/"}, ["other/c"]),
        ({"keys": ["data/a", "other/c", "not-there"]}, ["data/b"]),
        ({"everything": True}, []),
    ],
    ids=["prefix", "keys", "everything"],
)
def test_only_the_selected_objects_are_deleted(
    connection: str, s3: S3Client, filled: str, selection: dict[str, Any], left: list[str]
) -> None:
    execute(DeleteObjectsOperator(task_id="t", bucket=filled, aws_conn_id=connection, **selection))
    assert keys_in(s3, filled) == left


def test_a_uri_names_bucket_and_prefix(connection: str, s3: S3Client, filled: str) -> None:
    operator = DeleteObjectsOperator(task_id="t", prefix=f"s3://{filled}/data/", aws_conn_id=connection)
    assert execute(operator)["matched"] == 2
    assert keys_in(s3, filled) == ["other/c"]


def test_a_uri_without_a_prefix_does_not_empty_the_bucket(connection: str, s3: S3Client, filled: str) -> None:
    operator = DeleteObjectsOperator(task_id="t", prefix=f"s3://{filled}", aws_conn_id=connection)
    with pytest.raises(AirflowFailException, match="prefix is empty"):
        execute(operator)
    assert len(keys_in(s3, filled)) == 3


def test_only_older_objects_are_deleted(connection: str, filled: str) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    given: dict[str, Any] = {"bucket": filled, "prefix": "data/", "aws_conn_id": connection}
    assert execute(DeleteObjectsOperator(task_id="t", modified_before=yesterday, **given))["matched"] == 0
    tomorrow = (yesterday + timedelta(days=2)).isoformat()
    assert execute(DeleteObjectsOperator(task_id="t", modified_before=tomorrow, **given))["deleted"] == 2


def test_more_than_the_limit_deletes_nothing(connection: str, s3: S3Client, filled: str) -> None:
    operator = DeleteObjectsOperator(
        task_id="t", bucket=filled, everything=True, max_objects=2, aws_conn_id=connection
    )
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, TooManyObjects)
    assert len(keys_in(s3, filled)) == 3


def test_a_dry_run_deletes_nothing(connection: str, s3: S3Client, filled: str) -> None:
    operator = DeleteObjectsOperator(
        task_id="t", bucket=filled, everything=True, dry_run=True, aws_conn_id=connection
    )
    result = execute(operator)
    assert (result["matched"], result["deleted"], result["dry_run"]) == (3, 0, True)
    assert len(keys_in(s3, filled)) == 3


@pytest.mark.needs("versioning")
def test_all_versions_leave_nothing_behind(connection: str, s3: S3Client, versioned_bucket: str) -> None:
    for body in (b"1", b"2"):
        s3.put_object(Bucket=versioned_bucket, Key="k", Body=body)
    s3.delete_object(Bucket=versioned_bucket, Key="k")
    operator = DeleteObjectsOperator(
        task_id="t", bucket=versioned_bucket, everything=True, all_versions=True, aws_conn_id=connection
    )
    assert execute(operator)["deleted"] == 3
    found = s3.list_object_versions(Bucket=versioned_bucket)
    assert "Versions" not in found
    assert "DeleteMarkers" not in found
