"""JoinManifestsOperator as a task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.operators import JoinManifestsOperator
from airflow_s3ops.s3.errors import InvalidManifest, ObjectNotFound
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def put(s3: S3Client, bucket: str, name: str, *keys: str) -> dict[str, str]:
    """Store a manifest; return the needed part of the result of an upload that writes it."""
    rows = "".join(json.dumps({"key": key, "size": 5}) + "\n" for key in keys)
    s3.put_object(Bucket=bucket, Key=name, Body=rows.encode())
    return {"bucket": bucket, "manifest": f"s3://{bucket}/{name}"}


def test_the_results_of_mapped_uploads_are_joined_into_one_manifest(
    connection: str, s3: S3Client, bucket: str
) -> None:
    uploads = [put(s3, bucket, "m/0", "a", "b"), put(s3, bucket, "m/1", "c")]
    operator = JoinManifestsOperator(
        task_id="t", bucket=bucket, manifests=uploads, manifest_key="m/{{ ds }}", aws_conn_id=connection
    )
    result = execute(operator, ds="2026-01-31")
    del result["seconds"]
    manifest = f"s3://{bucket}/m/2026-01-31"
    assert result == {"bucket": bucket, "manifest": manifest, "objects": 3, "bytes": 15}


def test_extra_args_are_rendered_and_reach_the_manifest(connection: str, s3: S3Client, bucket: str) -> None:
    operator = JoinManifestsOperator(
        task_id="t",
        bucket=bucket,
        manifests=[put(s3, bucket, "m/0", "a")],
        manifest_key="m/all",
        extra_args={"Metadata": {"day": "{{ ds }}"}},
        aws_conn_id=connection,
    )
    execute(operator, ds="2026-01-31")
    assert s3.head_object(Bucket=bucket, Key="m/all")["Metadata"] == {"day": "2026-01-31"}


def test_a_missing_manifest_ends_the_task_at_once(connection: str, s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", "a")
    operator = JoinManifestsOperator(
        task_id="t",
        manifests=["m/0", "m/1"],
        manifest_key=f"s3://{bucket}/m/all",
        aws_conn_id=connection,
    )
    with pytest.raises(AirflowFailException, match="m/1 does not exist") as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, ObjectNotFound)


def test_a_key_in_two_manifests_ends_the_task_at_once(connection: str, s3: S3Client, bucket: str) -> None:
    uploads = [put(s3, bucket, "m/0", "a"), put(s3, bucket, "m/1", "a")]
    operator = JoinManifestsOperator(
        task_id="t", bucket=bucket, manifests=uploads, manifest_key="m/all", aws_conn_id=connection
    )
    with pytest.raises(AirflowFailException, match="'a' is listed twice") as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, InvalidManifest)
