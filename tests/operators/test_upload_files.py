"""UploadFilesOperator as a task."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG, task

from airflow_s3ops.operators import UploadFilesOperator
from airflow_s3ops.s3.errors import InvalidInput, PartialUpload, SourceNotFound, Stopped
from tests.compat import AirflowFailException
from tests.operators.tasks import execute
from tests.operators.test_upload_file import Store
from tests.s3.uploads.files_support import listed, rows, settled, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.models.taskinstance import TaskInstance
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.operators.conftest import RunDag

MIB = 1024**2
NAMES = ["_SUCCESS", "a.csv", "b/c.csv", "b/d.txt"]
# A cancelled upload ends within two seconds; the rest is for a busy machine.
WITHIN = 2.0 + 3.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "data", NAMES)


def xcom(ti: TaskInstance) -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index)


def test_a_folder_is_uploaded_under_a_rendered_prefix(
    connection: str, s3: S3Client, bucket: str, folder: Path
) -> None:
    operator = UploadFilesOperator(
        task_id="t",
        source=f"{folder.parent}/{{{{ name }}}}",
        bucket=bucket,
        prefix="daily/{{ ds }}/",
        include=["{{ pattern }}"],
        last=["_SUCCESS"],
        manifest_key="manifests/{{ ds }}.jsonl",
        allow_empty="{{ false }}",  # type: ignore[arg-type]
        max_concurrency="{{ 4 }}",  # type: ignore[arg-type]
        aws_conn_id=connection,
    )
    result = execute(operator, name="data", ds="2026-01-31", pattern="*.csv")
    assert list(listed(s3, bucket, "daily/")) == ["daily/2026-01-31/a.csv", "daily/2026-01-31/b/c.csv"]
    assert {name: result[name] for name in ("bucket", "prefix", "uploaded", "manifest")} == {
        "bucket": bucket,
        "prefix": "daily/2026-01-31/",
        "uploaded": 2,
        "manifest": f"s3://{bucket}/manifests/2026-01-31.jsonl",
    }
    assert len(rows(s3, bucket, "manifests/2026-01-31.jsonl")) == 2
    assert len(json.dumps(result)) < 2048


def test_a_uri_names_bucket_and_prefix(connection: str, s3: S3Client, bucket: str, folder: Path) -> None:
    uri = f"s3://{bucket}/raw/"
    execute(UploadFilesOperator(task_id="t", source=str(folder), prefix=uri, aws_conn_id=connection))
    assert len(listed(s3, bucket, "raw/")) == len(NAMES)


def test_a_shard_is_a_source(connection: str, s3: S3Client, bucket: str, folder: Path) -> None:
    shard = {"source": str(folder), "from": "a.csv", "to": "b/d"}
    execute(UploadFilesOperator(task_id="t", source=shard, bucket=bucket, aws_conn_id=connection))
    assert list(listed(s3, bucket)) == ["a.csv", "b/c.csv"]


def test_an_error_that_a_retry_cannot_fix_ends_the_task_at_once(
    connection: str, bucket: str, folder: Path
) -> None:
    given: dict[str, Any] = {"bucket": bucket, "aws_conn_id": connection}
    (folder / "gone").symlink_to("nowhere")
    causes = {str(folder / "none"): SourceNotFound, str(folder): PartialUpload, "": InvalidInput}
    for source, cause in causes.items():
        with pytest.raises(AirflowFailException) as caught:
            execute(UploadFilesOperator(task_id="t", source=source, **given))
        assert isinstance(caught.value.__cause__, cause)


def test_an_error_that_a_retry_may_fix_is_left_to_airflows_retries(
    through_faults: str, faults: FaultProxy, bucket: str, folder: Path
) -> None:
    def write(_: object) -> None:
        with (folder / "a.csv").open("a") as file:
            file.write("more")

    faults.on("PUT", path=f"/{bucket}/a.csv").run(write)
    with pytest.raises(PartialUpload, match=r"a\.csv"):
        execute(
            UploadFilesOperator(task_id="t", source=str(folder), bucket=bucket, aws_conn_id=through_faults)
        )


def test_a_killed_task_stops(
    through_faults: str, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "many", [f"{number:03}" for number in range(300)])
    operator = UploadFilesOperator(
        task_id="t", source=str(folder), bucket=bucket, manifest_key="m", aws_conn_id=through_faults
    )
    killed: list[float] = []

    def kill(_: object) -> None:
        killed.append(time.monotonic())
        operator.on_kill()

    faults.on("PUT", after=20).run(kill)
    with pytest.raises(Stopped):
        execute(operator)
    assert time.monotonic() - killed[0] < WITHIN
    assert len(settled(s3, faults, bucket)) < 300


@pytest.mark.needs("checksums_in_list_parts")
def test_the_next_try_resumes_a_large_file(
    through_faults: str, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path
) -> None:
    large = folder / "large.bin"
    large.write_bytes(b"".join(bytes([part]) * 16 * MIB for part in range(4)))
    given: dict[str, Any] = {
        "task_id": "t",
        "source": str(folder),
        "bucket": bucket,
        "prefix": "k" * 200 + "/",
        "if_exists": "skip_if_same",
        "max_concurrency": 2,
        "aws_conn_id": through_faults,
    }
    store = Store()
    killed = UploadFilesOperator(**given)
    faults.on("PUT", query="partNumber=3").run(lambda _: killed.on_kill())
    with pytest.raises(Stopped):
        execute(killed, task_state_store=store)
    (kept,) = store.kept
    assert len(kept) < 64
    result = execute(UploadFilesOperator(**given), task_state_store=store)
    assert result["uploaded"] + result["skipped"] == len(NAMES) + 1
    assert faults.count("POST", query="uploads") == 1
    assert faults.count("PUT", query="partNumber=1") == 1
    stored = s3.get_object(Bucket=bucket, Key="k" * 200 + "/large.bin")["Body"].read()
    assert stored == large.read_bytes()
    assert store.kept == {}


def test_progress_is_logged_without_keys(
    connection: str,
    bucket: str,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("airflow_s3ops.s3.uploads.progress.LOG_EVERY", 0.0)
    operator = UploadFilesOperator(task_id="t", source=str(folder), bucket=bucket, aws_conn_id=connection)
    execute(operator)
    logged = capfd.readouterr().out
    assert "4 files, " in logged
    assert "files/s" in logged
    assert "c.csv" not in logged


def test_a_dag_uploads_another_tasks_list_and_mapped_shards_with_a_retry(
    run_dag: RunDag, through_faults: str, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path
) -> None:
    shards = [
        {"source": str(folder), "from": "", "to": "b"},
        {"source": str(folder), "from": "b", "to": ""},
    ]
    # One file fails in the task's first try, and succeeds in its second.
    faults.on("PUT", path=f"/{bucket}/shards/a.csv", times=1).run(
        lambda _: (folder / "a.csv").write_text("changed")
    )
    with DAG(f"many_{uuid.uuid4().hex[:8]}", schedule=None) as dag:

        @task
        def found() -> list[str]:
            return [str(folder / "_SUCCESS"), str(folder / "b/c.csv")]

        given: dict[str, Any] = {
            "bucket": bucket,
            "if_exists": "skip_if_same",
            "retries": 1,
            "retry_delay": timedelta(0),
            "aws_conn_id": through_faults,
        }
        UploadFilesOperator(
            task_id="listed",
            source=found(),  # type: ignore[arg-type]
            prefix="listed/",
            last=["_SUCCESS"],
            manifest_key="manifest.jsonl",
            **given,
        )
        UploadFilesOperator.partial(task_id="mapped", prefix="shards/", **given).expand(source=shards)
    tasks = run_dag(dag)
    assert {name: str(ti.state) for name, ti in tasks.items()} == dict.fromkeys(tasks, "success")
    assert list(listed(s3, bucket)) == [
        "listed/_SUCCESS",
        "listed/c.csv",
        "manifest.jsonl",
        "shards/_SUCCESS",
        "shards/a.csv",
        "shards/b/c.csv",
        "shards/b/d.txt",
    ]
    assert xcom(tasks["listed"])["manifest"] == f"s3://{bucket}/manifest.jsonl"
    retried = xcom(tasks["mapped[0]"])
    assert (tasks["mapped[0]"].try_number, tasks["mapped[1]"].try_number) == (2, 1)
    assert (retried["uploaded"], retried["skipped"]) == (1, 1), "only the missing file"
    assert s3.get_object(Bucket=bucket, Key="shards/a.csv")["Body"].read() == b"changed"
