"""DeleteObjectOperator as a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.operators import DeleteObjectOperator
from airflow_s3ops.s3.errors import ObjectNotFound, PreconditionFailed
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def test_the_first_run_deletes_and_the_second_finds_nothing(
    connection: str, s3: S3Client, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    operator = DeleteObjectOperator(task_id="t", bucket=bucket, key="k", aws_conn_id=connection)
    first, second = execute(operator), execute(operator)
    assert (first["deleted"], first["missing"]) == (1, 0)
    assert (second["deleted"], second["missing"]) == (0, 1)


def test_a_uri_names_bucket_and_key(connection: str, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="data/k", Body=b"")
    operator = DeleteObjectOperator(task_id="t", key=f"s3://{bucket}/data/k", aws_conn_id=connection)
    assert execute(operator)["deleted"] == 1
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_missing_object_is_an_error_with_if_missing_fail(connection: str, bucket: str) -> None:
    operator = DeleteObjectOperator(
        task_id="t", bucket=bucket, key="k", if_missing="fail", aws_conn_id=connection
    )
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, ObjectNotFound)


@pytest.mark.needs("delete_if_match")
def test_an_object_with_another_etag_is_kept(connection: str, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    operator = DeleteObjectOperator(
        task_id="t", bucket=bucket, key="k", if_match="0" * 32, aws_conn_id=connection
    )
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, PreconditionFailed)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.needs("versioning")
def test_one_version_is_deleted_permanently(connection: str, s3: S3Client, versioned_bucket: str) -> None:
    old = s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"2")
    operator = DeleteObjectOperator(
        task_id="t", bucket=versioned_bucket, key="k", version_id=old, aws_conn_id=connection
    )
    assert execute(operator)["version_id"] == old
    versions = s3.list_object_versions(Bucket=versioned_bucket)
    assert [version["VersionId"] for version in versions["Versions"]] != [old]
    assert len(versions["Versions"]) == 1
    assert "DeleteMarkers" not in versions
