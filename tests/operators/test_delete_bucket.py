"""DeleteBucketOperator as a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.operators import DeleteBucketOperator
from airflow_s3ops.s3.errors import BucketNotEmpty, BucketNotFound
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def test_an_empty_bucket_is_deleted_and_the_second_run_may_ignore_that_it_is_missing(
    connection: str, bucket: str
) -> None:
    operator = DeleteBucketOperator(task_id="t", bucket=bucket, if_missing="ignore", aws_conn_id=connection)
    deleted = {"bucket": bucket, "status": "deleted", "objects_deleted": 0, "uploads_aborted": 0}
    assert execute(operator) == deleted
    assert execute(operator) == {**deleted, "status": "missing"}


def test_a_missing_bucket_is_an_error_unless_asked_otherwise(connection: str, bucket: str) -> None:
    operator = DeleteBucketOperator(task_id="t", bucket=f"{bucket}-not", aws_conn_id=connection)
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, BucketNotFound)


def test_a_bucket_with_objects_is_kept(connection: str, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(AirflowFailException) as caught:
        execute(DeleteBucketOperator(task_id="t", bucket=bucket, aws_conn_id=connection))
    assert isinstance(caught.value.__cause__, BucketNotEmpty)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_force_empties_the_bucket_first(connection: str, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.create_multipart_upload(Bucket=bucket, Key="open")
    operator = DeleteBucketOperator(task_id="t", bucket=bucket, force=True, aws_conn_id=connection)
    result = execute(operator)
    assert (result["status"], result["objects_deleted"], result["uploads_aborted"]) == ("deleted", 1, 1)
