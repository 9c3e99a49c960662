"""The hook's methods that no operator has also work under mock_aws."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.s3.errors import ObjectNotFound, Stopped
from tests.in_process.conftest import REGION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client

# The methods that operators call: tests/in_process/test_operators.py runs them.
OF_OPERATORS = {
    *("create_bucket", "upload_file", "upload_files", "join_manifests"),
    *("delete_object", "delete_objects", "delete_bucket"),
}
CASES: dict[str, Callable[[S3OpsHook, S3Client, str], None]] = {}


def case(method: Callable[[S3OpsHook, S3Client, str], None]) -> Callable[[S3OpsHook, S3Client, str], None]:
    """Register a case; its name is the name of the method."""
    CASES[method.__name__] = method
    return method


@case
def head_object(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"12")
    assert hook.head_object(bucket, "a").size == 2
    with pytest.raises(ObjectNotFound):
        hook.head_object(bucket, "b")


@case
def list_objects(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    keys = [f"{number:04}" for number in range(1001)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    assert [entry.key for entry in hook.list_objects(bucket)] == keys


@case
def list_versions(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    assert {entry.is_delete_marker for entry in hook.list_versions(bucket)} == {True, False}


@case
def list_uploads(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="a")
    assert [entry.key for entry in hook.list_uploads(bucket)] == ["a"]


@case
def abort_uploads(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="a")
    assert hook.abort_uploads(bucket) == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@case
def presigned_url(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a")
    assert hook.presigned_url(bucket, "a").startswith(
        f"https://{bucket}.s3.eu-central-1.amazonaws.com/a?X-Amz-"
    )


@case
def test_connection(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:  # noqa: ARG001 - named as the method
    works, message = hook.test_connection()
    assert works, message


test_connection.__test__ = False  # type: ignore[attr-defined]  # a case, not a test


@case
def stop(hook: S3OpsHook, s3: S3Client, bucket: str) -> None:  # noqa: ARG001
    hook.stop()
    with pytest.raises(Stopped):
        hook.delete_objects(bucket, everything=True)


def test_every_method_has_a_case_or_an_operator() -> None:
    methods = {name for name, found in vars(S3OpsHook).items() if inspect.isfunction(found)}
    assert {name for name in methods if not name.startswith("_")} == set(CASES) | OF_OPERATORS


@pytest.mark.parametrize("name", CASES)
def test_a_method_works_under_mock_aws(name: str, s3: S3Client, bucket: str) -> None:
    CASES[name](S3OpsHook(), s3, bucket)


def test_many_files_are_uploaded_through_a_stubber(mocked: None, tmp_path: Path) -> None:  # noqa: ARG001
    (tmp_path / "a.csv").write_bytes(b"12")
    hook = S3OpsHook()
    with Stubber(hook.client) as stubber:
        stubber.add_response("put_object", {"ETag": f'"{"0" * 32}"'})
        assert hook.upload_files(tmp_path, "a-bucket").uploaded == 1
        stubber.assert_no_pending_responses()


def test_a_role_can_be_assumed_in_the_mock(
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a.csv").write_bytes(b"12")
    extra = {"region_name": REGION, "role_arn": "arn:aws:iam::123456789012:role/reports"}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws", "extra": extra}))
    assert S3OpsHook().upload_files(tmp_path, bucket).uploaded == 1
