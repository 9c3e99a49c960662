"""Cases with keys and listings that fail in the amazon provider and work here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow_s3ops.operators import (
    DeleteObjectOperator,
    DeleteObjectsOperator,
    UploadFileOperator,
    UploadFilesOperator,
)
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


class TestPeers:
    """Cases of "Keys and listing"; the memory of a listing is measured in tests/s3."""

    def test_a_question_mark_in_a_uri_is_part_of_the_key(
        self, connection: str, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "f.csv"
        file.write_text("1")
        uri = f"s3://{bucket}/a?b=1.csv"
        result = execute(UploadFileOperator(task_id="t", filename=str(file), key=uri, aws_conn_id=connection))
        assert (result["key"], result["uri"]) == ("a?b=1.csv", uri)
        assert keys_in(s3, bucket) == ["a?b=1.csv"]
        s3.put_object(Bucket=bucket, Key="a", Body=b"must stay")
        execute(DeleteObjectOperator(task_id="t", key=uri, aws_conn_id=connection))
        assert keys_in(s3, bucket) == ["a"]

    def test_a_key_with_a_colon_is_not_a_uri(
        self, connection: str, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "f.csv"
        file.write_text("1")
        key = "data:2024/x.csv"
        operator = UploadFileOperator(
            task_id="t", filename=str(file), bucket=bucket, key=key, aws_conn_id=connection
        )
        assert execute(operator)["key"] == key
        assert keys_in(s3, bucket) == [key]
        execute(DeleteObjectOperator(task_id="t", bucket=bucket, key=key, aws_conn_id=connection))
        assert keys_in(s3, bucket) == []

    def test_globs_and_folders_are_uploaded(
        self, connection: str, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        (tmp_path / "data/2026").mkdir(parents=True)
        for name in ("data/a.csv", "data/2026/b.csv", "data/c.txt"):
            (tmp_path / name).write_text("1")
        for source, prefix in ((f"{tmp_path}/data/*.csv", "glob/"), (f"{tmp_path}/data", "folder/")):
            execute(
                UploadFilesOperator(
                    task_id="t", source=source, bucket=bucket, prefix=prefix, aws_conn_id=connection
                )
            )
        assert keys_in(s3, bucket) == ["folder/2026/b.csv", "folder/a.csv", "folder/c.txt", "glob/a.csv"]

    def test_no_list_of_keys_goes_to_xcom(self, connection: str, s3: S3Client, bucket: str) -> None:
        keys = [f"data/{number:03}" for number in range(120)]
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        by_prefix = DeleteObjectsOperator(
            task_id="t", bucket=bucket, prefix="data/", dry_run=True, aws_conn_id=connection
        )
        by_list = DeleteObjectsOperator(task_id="t", bucket=bucket, keys=keys, aws_conn_id=connection)
        for result in (execute(by_prefix), execute(by_list)):
            assert "data/" not in json.dumps(result)
            assert len(json.dumps(result)) < 2048
