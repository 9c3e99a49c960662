"""CreateBucketOperator as a task."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.operators import BucketSettings, CreateBucketOperator
from airflow_s3ops.s3.errors import BucketExists, InvalidBucketName
from tests.compat import AirflowFailException
from tests.operators.tasks import execute
from tests.servers.purge import delete_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from tests.servers import S3Server


@pytest.fixture
def new_bucket(s3: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist; if a test creates it, it is deleted at the end."""
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    yield name
    delete_bucket(s3, name)


@pytest.mark.needs("region_of_bucket")
def test_the_first_run_creates_and_the_second_changes_nothing(
    connection: str, server: S3Server, new_bucket: str
) -> None:
    operator = CreateBucketOperator(task_id="t", bucket=new_bucket, aws_conn_id=connection)
    created = {"bucket": new_bucket, "region": server.region, "status": "created", "applied": []}
    assert execute(operator) == created
    assert execute(operator) == {**created, "status": "existed"}


@pytest.mark.needs("versioning")
def test_settings_are_applied_once(connection: str, s3: S3Client, new_bucket: str) -> None:
    settings = BucketSettings(versioning="Enabled")
    operator = CreateBucketOperator(task_id="t", bucket=new_bucket, settings=settings, aws_conn_id=connection)
    assert execute(operator)["applied"] == ["versioning"]
    assert s3.get_bucket_versioning(Bucket=new_bucket)["Status"] == "Enabled"
    assert execute(operator)["applied"] == []


def test_an_existing_bucket_is_an_error_with_if_exists_fail(connection: str, bucket: str) -> None:
    operator = CreateBucketOperator(task_id="t", bucket=bucket, if_exists="fail", aws_conn_id=connection)
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, BucketExists)


def test_an_impossible_name_ends_the_task_at_once(connection: str) -> None:
    operator = CreateBucketOperator(task_id="t", bucket="Not_A_Name", aws_conn_id=connection)
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, InvalidBucketName)
