"""UploadFileOperator as a task."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.operators import UploadFileOperator
from airflow_s3ops.s3.errors import InvalidExtraArgs, ObjectExists, SourceNotFound, Stopped
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

MIB = 1024**2


class Store:
    """A fake task state store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:  # noqa: ARG002 - Airflow's signature
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small CSV file."""
    path = tmp_path / "cities.csv"
    path.write_text("name\nSeoul\n")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three parts."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(11 * MIB))
    return path


def test_the_default_key_is_the_files_name(connection: str, s3: S3Client, bucket: str, file: Path) -> None:
    result = execute(
        UploadFileOperator(task_id="t", filename=str(file), bucket=bucket, aws_conn_id=connection)
    )
    assert (result["uri"], result["status"]) == (f"s3://{bucket}/cities.csv", "uploaded")
    stored = s3.get_object(Bucket=bucket, Key="cities.csv")
    assert stored["Body"].read() == file.read_bytes()
    assert stored["ContentType"] == "text/csv"
    assert result["etag"] == stored["ETag"].strip('"')


@pytest.mark.parametrize(
    ("uri", "key"), [("s3://{}/raw/a.csv", "raw/a.csv"), ("s3://{}", "cities.csv")], ids=["key", "bucket"]
)
def test_a_uri_names_bucket_and_key(connection: str, bucket: str, file: Path, uri: str, key: str) -> None:
    operator = UploadFileOperator(
        task_id="t", filename=str(file), key=uri.format(bucket), aws_conn_id=connection
    )
    result = execute(operator)
    assert (result["bucket"], result["key"]) == (bucket, key)


def test_extra_args_reach_the_object(connection: str, s3: S3Client, bucket: str, file: Path) -> None:
    extra_args = {"ContentType": "text/plain", "CacheControl": "max-age=60", "Metadata": {"run": "{{ run }}"}}
    operator = UploadFileOperator(
        task_id="t", filename=str(file), bucket=bucket, extra_args=extra_args, aws_conn_id=connection
    )
    execute(operator, run="r1")
    stored = s3.head_object(Bucket=bucket, Key="cities.csv")
    assert (stored["ContentType"], stored["CacheControl"]) == ("text/plain", "max-age=60")
    assert stored["Metadata"] == {"run": "r1"}


def test_an_unknown_extra_arg_ends_the_task_before_a_byte_is_sent(
    through_faults: str, faults: FaultProxy, bucket: str, file: Path
) -> None:
    operator = UploadFileOperator(
        task_id="t",
        filename=str(file),
        bucket=bucket,
        extra_args={"ContentTyp": "a/b"},
        aws_conn_id=through_faults,
    )
    with pytest.raises(AirflowFailException, match="ContentType") as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, InvalidExtraArgs)
    assert faults.count() == 0


def test_a_missing_file_ends_the_task_at_once(connection: str, bucket: str, tmp_path: Path) -> None:
    operator = UploadFileOperator(
        task_id="t", filename=str(tmp_path / "none"), bucket=bucket, aws_conn_id=connection
    )
    with pytest.raises(AirflowFailException) as caught:
        execute(operator)
    assert isinstance(caught.value.__cause__, SourceNotFound)


@pytest.mark.needs("if_none_match")
def test_an_existing_object_is_kept_with_skip_and_fail(
    connection: str, s3: S3Client, bucket: str, file: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="cities.csv", Body=b"there")
    given: dict[str, Any] = {"filename": str(file), "bucket": bucket, "aws_conn_id": connection}
    assert execute(UploadFileOperator(task_id="t", if_exists="skip", **given))["status"] == "skipped"
    with pytest.raises(AirflowFailException) as caught:
        execute(UploadFileOperator(task_id="t", if_exists="fail", **given))
    assert isinstance(caught.value.__cause__, ObjectExists)
    assert s3.get_object(Bucket=bucket, Key="cities.csv")["Body"].read() == b"there"


def test_gzip_stores_the_file_compressed(connection: str, s3: S3Client, bucket: str, file: Path) -> None:
    operator = UploadFileOperator(
        task_id="t", filename=str(file), bucket=bucket, compress="gzip", aws_conn_id=connection
    )
    execute(operator)
    stored = s3.get_object(Bucket=bucket, Key="cities.csv")
    assert stored["ContentEncoding"] == "gzip"
    assert gzip.decompress(stored["Body"].read()) == file.read_bytes()


def test_a_killed_upload_stops_and_nothing_is_visible(
    through_faults: str, faults: FaultProxy, s3: S3Client, bucket: str, large: Path
) -> None:
    operator = UploadFileOperator(
        task_id="t", filename=str(large), bucket=bucket, part_size=5 * MIB, aws_conn_id=through_faults
    )
    faults.on("POST", query="uploads").run(lambda _: operator.on_kill())
    with pytest.raises(Stopped):
        execute(operator)
    assert faults.count("POST", query="uploadId") == 0
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.needs("checksums_in_list_parts")
def test_the_next_try_resumes_a_killed_upload(
    through_faults: str, faults: FaultProxy, s3: S3Client, bucket: str, large: Path
) -> None:
    given: dict[str, Any] = {
        "task_id": "t",
        "filename": str(large),
        "bucket": bucket,
        "part_size": "{{ 5 * 1024 * 1024 }}",
        "max_concurrency": 1,
        "aws_conn_id": through_faults,
    }
    store = Store()
    killed = UploadFileOperator(**given)
    faults.on("PUT", query="partNumber=2").run(lambda _: killed.on_kill())
    with pytest.raises(Stopped):
        execute(killed, task_state_store=store)
    result = execute(UploadFileOperator(**given), task_state_store=store)
    assert result["resumed_parts"] >= 1
    assert result["parts"] == 3
    assert s3.get_object(Bucket=bucket, Key="large.bin")["Body"].read() == large.read_bytes()
    assert store.kept == {}


def test_a_key_that_a_template_left_empty_is_refused(connection: str, bucket: str, file: Path) -> None:
    with pytest.raises(AirflowFailException, match="key is empty"):
        execute(
            UploadFileOperator(task_id="t", filename=str(file), bucket=bucket, key="", aws_conn_id=connection)
        )


def test_a_uri_without_a_key_means_the_files_name(connection: str, bucket: str, file: Path) -> None:
    operator = UploadFileOperator(
        task_id="t", filename=str(file), key=f"s3://{bucket}", aws_conn_id=connection
    )
    assert execute(operator)["key"] == file.name


@pytest.mark.parametrize("key", [None, "k"])
def test_none_as_filename_is_refused(connection: str, bucket: str, key: str | None) -> None:
    given: dict[str, Any] = {"filename": None}
    operator = UploadFileOperator(task_id="t", bucket=bucket, key=key, aws_conn_id=connection, **given)
    with pytest.raises(AirflowFailException, match="filename=None is not a path"):
        execute(operator)
