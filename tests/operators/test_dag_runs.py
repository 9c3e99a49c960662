"""The operators in real runs of DAGs: results, retries, links, mapped tasks, masked fields.

A run takes seconds, so each proves several things.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_s3ops.operators import (
    BucketSettings,
    CreateBucketOperator,
    DeleteBucketOperator,
    DeleteObjectOperator,
    DeleteObjectsOperator,
    UploadFileOperator,
)
from tests.operators.dag_runs import only_our_warnings, serialise
from tests.servers.purge import delete_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow.models.taskinstance import TaskInstance
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.operators.conftest import RunDag
    from tests.servers import S3Server

LINK = "_link_s3_console"
KEY = "a-customers-key-of-32-characters"
ONCE = {"retries": {"total_max_attempts": 1}}
RETRY_WITHOUT_DELAY = {"retries": 2, "retry_delay": timedelta(0)}


@pytest.fixture
def new_bucket(s3: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist; if a test creates it, it is deleted at the end."""
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    yield name
    delete_bucket(s3, name)


@pytest.fixture
def landing(tmp_path: Path) -> list[str]:
    """Three files to upload."""
    files = [tmp_path / f"{name}.csv" for name in "abc"]
    for file in files:
        file.write_text(f"name\n{file.stem}\n")
    return [str(file) for file in files]


def xcom(ti: TaskInstance, key: str = "return_value") -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=ti.map_index)


def states(instances: dict[str, TaskInstance]) -> dict[str, str]:
    return {name: str(ti.state) for name, ti in instances.items()}


def rendered(ti: TaskInstance) -> dict[str, Any]:
    """Return the fields as the UI shows them."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    return RenderedTaskInstanceFields.get_templated_fields(ti) or {}


def dag_of_all_operators(bucket: str, landing: list[str], conn_id: str) -> DAG:
    """Return a DAG that creates a bucket, uploads files by mapped tasks, and deletes everything again."""
    arguments = {"aws_conn_id": conn_id}
    with DAG(f"all_of_{bucket}", schedule=None, default_args=arguments, params={"dry": True}) as dag:
        create = CreateBucketOperator(
            task_id="create", bucket=bucket, settings=BucketSettings(tags={"run": "{{ run_id }}"})
        )
        upload = UploadFileOperator.partial(
            task_id="upload", bucket=bucket, extra_args={"Metadata": {"run": "{{ run_id }}"}}
        ).expand(filename=landing)
        count = DeleteObjectsOperator(
            task_id="count",
            bucket=bucket,
            everything=True,
            dry_run="{{ params.dry }}",  # type: ignore[arg-type]
        )
        delete_one = DeleteObjectOperator(task_id="delete_one", key=f"s3://{bucket}/a.csv")
        delete_many = DeleteObjectsOperator(
            task_id="delete_many", bucket=bucket, keys=["b.csv", "not-there.csv"]
        )
        delete = DeleteBucketOperator(task_id="delete", bucket=bucket, force=True)
        create >> upload >> count >> delete_one >> delete_many >> delete
    return dag


@pytest.mark.needs("bucket_tagging")
def test_a_run_of_all_operators_returns_their_results(
    run_dag: RunDag, connection: str, server: S3Server, new_bucket: str, landing: list[str]
) -> None:
    tasks = run_dag(dag_of_all_operators(new_bucket, landing, connection))
    assert set(states(tasks).values()) == {"success"}, states(tasks)
    assert {ti.try_number for ti in tasks.values()} == {1}

    assert xcom(tasks["create"]) == {
        "bucket": new_bucket,
        "region": server.region,
        "status": "created",
        "applied": ["tags"],
    }
    uploaded = xcom(tasks["upload[1]"])
    assert uploaded["uri"] == f"s3://{new_bucket}/b.csv"
    assert (uploaded["status"], uploaded["size"]) == ("uploaded", len("name\nb\n"))
    assert uploaded["checksum"]["algorithm"] == "CRC64NVME"
    counted = xcom(tasks["count"])
    assert (counted["matched"], counted["deleted"], counted["dry_run"]) == (3, 0, True)
    assert xcom(tasks["delete_one"])["deleted"] == 1
    many = xcom(tasks["delete_many"])
    assert (many["deleted"], many["missing"]) == (1, 1)
    assert xcom(tasks["delete"]) == {
        "bucket": new_bucket,
        "status": "deleted",
        "objects_deleted": 1,
        "uploads_aborted": 0,
    }
    assert max(len(json.dumps(xcom(ti))) for ti in tasks.values()) < 2048
    assert xcom(tasks["upload[2]"], LINK) == f"{server.endpoint_url}/{new_bucket}/c.csv"
    assert "'run': 'manual__" in str(rendered(tasks["create"])["settings"])


@pytest.mark.parametrize("mapped", [False, True], ids=["plain", "mapped"])
def test_a_secret_of_extra_args_is_masked_where_the_ui_shows_it(
    run_dag: RunDag, bucket: str, landing: list[str], *, mapped: bool
) -> None:
    # Airflow renders a mapped task in other code. Each case has its own key, because the masker keeps them.
    # The connection is unknown: the rendered fields are shown even if nothing is sent.
    key = f"{KEY}-{mapped}"
    given: dict[str, Any] = {
        "task_id": "upload",
        "bucket": bucket,
        "aws_conn_id": "no_such_connection",
        "extra_args": {"SSECustomerKey": "{{ '" + key + "' }}", "SSECustomerAlgorithm": "AES256"},
    }
    with DAG(f"secret_{mapped}_{bucket}", schedule=None) as dag:
        if mapped:
            UploadFileOperator.partial(**given).expand(filename=landing[:1])
        else:
            UploadFileOperator(filename=landing[0], **given)
    (task,) = run_dag(dag).values()
    shown = rendered(task)["extra_args"]
    assert json.loads(json.dumps(shown).replace("'", '"')) == {
        "SSECustomerKey": "***",
        "SSECustomerAlgorithm": "AES256",
    }


def test_a_permanent_error_uses_no_retries_and_a_transient_one_is_retried(
    run_dag: RunDag,
    connection: str,
    faults: FaultProxy,
    server: S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", faults.server.connection_json())
    faults.on(path=f"/{bucket}/busy", times=1).respond(503, "SlowDown")
    arguments = {"aws_conn_id": connection, "botocore_config": ONCE, **RETRY_WITHOUT_DELAY}
    with DAG(f"errors_{bucket}", schedule=None, default_args=arguments) as dag:
        DeleteObjectOperator(task_id="permanent", bucket=bucket, key="gone", if_missing="fail")
        DeleteObjectOperator(task_id="transient", bucket=bucket, key="busy")
        DeleteObjectOperator(task_id="unknown", bucket=bucket, key="k", aws_conn_id="no_such_connection")
    tasks = run_dag(dag)
    assert states(tasks) == {"permanent": "failed", "transient": "success", "unknown": "failed"}
    assert {name: ti.try_number for name, ti in tasks.items()} == {
        "permanent": 1,
        "transient": 2,
        "unknown": 1,
    }
    # There is a link after a failure, too. For an unknown connection it has the default endpoint.
    assert xcom(tasks["permanent"], LINK) == f"{faults.endpoint_url}/{bucket}/gone"
    assert xcom(tasks["unknown"], LINK) == f"https://console.aws.amazon.com/s3/object/{bucket}?prefix=k"
    assert server.secret_key not in str([rendered(ti) for ti in tasks.values()])


def test_airflow_tasks_render_shows_the_fields_of_an_operator_with_a_dry_run(
    airflow_db: None,  # noqa: ARG001 - the database must be there
    capsys: pytest.CaptureFixture[str],
) -> None:
    from airflow.cli.cli_parser import get_parser
    from airflow.cli.commands.task_command import task_render

    with DAG("rendered", schedule=None) as dag:
        DeleteObjectsOperator(task_id="t", bucket="a-bucket", prefix="{{ ds }}/", dry_run=True)
    arguments = get_parser().parse_args(["tasks", "render", "rendered", "t", "2026-01-31"])
    with only_our_warnings():
        serialise(dag)
        task_render(arguments, dag=dag)
    shown = capsys.readouterr().out
    assert "2026-01-31/" in shown
    assert re.search(r"property: dry_run\n# -+\n\s*True", shown)
