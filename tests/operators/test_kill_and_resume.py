"""A task whose process gets SIGKILL or SIGTERM during an upload, and the next try of that task."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

PART = 5 << 20
PARTS = 6
AT_ONCE = 2
WITHIN = 240
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def start(**arguments: Any) -> subprocess.Popen[str]:
    """Start an attempt in a separate process, with a separate database."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.operators.attempt"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, DATABASE: f"sqlite:///{arguments['database']}"},
    )
    assert process.stdin
    json.dump(arguments, process.stdin)
    process.stdin.close()
    return process


def output_of(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    with process, process.stdout:
        return process.stdout.read().splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"".join(bytes([part]) * PART for part in range(PARTS)))
    return path


@pytest.fixture
def database(airflow_db: None, tmp_path: Path) -> Path:  # noqa: ARG001 - it is copied
    """A copy of Airflow's database, so that a killed process cannot affect other tests."""
    copy = tmp_path / "airflow.db"
    with closing(sqlite3.connect(os.environ[DATABASE].removeprefix("sqlite:///"))) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])
    return copy


@pytest.fixture
def arguments(file: Path, bucket: str, through_faults: str, database: Path) -> dict[str, Any]:
    return {
        "database": str(database),
        "dag_id": f"killed_{uuid.uuid4().hex[:8]}",
        "parameters": {
            "filename": str(file),
            "bucket": bucket,
            "part_size": PART,
            "max_concurrency": AT_ONCE,
            "aws_conn_id": through_faults,
        },
    }


@pytest.mark.needs("checksums_in_list_parts")
@pytest.mark.needs_version("task_state_store")
def test_the_next_try_sends_only_missing_parts_and_parts_in_flight(
    arguments: dict[str, Any], file: Path, faults: FaultProxy, s3: S3Client, bucket: str
) -> None:
    first: list[subprocess.Popen[str]] = []
    faults.on("PUT", query="partNumber=5").run(lambda _: first[0].kill())
    first.append(start(attempt=1, **arguments))
    output_of(first[0])
    assert first[0].returncode == -9
    faults.settle()
    before = faults.body_bytes("PUT")

    outcome = json.loads(output_of(start(attempt=2, **arguments))[-1])

    assert outcome["state_left"] == "running", "the process died before it could report its state"
    assert outcome["state"] == "success"
    assert outcome["result"]["resumed_parts"] >= PARTS - 1 - AT_ONCE
    missing = (PARTS - outcome["result"]["resumed_parts"]) * PART
    assert faults.body_bytes("PUT") - before == missing
    assert faults.count("POST", query="uploads") == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="data.bin")["Body"].read() == file.read_bytes()


@pytest.mark.needs("checksums_in_list_parts")
@pytest.mark.needs_version("task_state_store")
def test_a_terminated_task_ends_although_a_connection_hangs_and_the_next_try_resumes(
    arguments: dict[str, Any], file: Path, faults: FaultProxy, s3: S3Client, bucket: str
) -> None:
    first: list[subprocess.Popen[str]] = []
    # If the try were not terminated, it would send this part again and succeed.
    faults.on("PUT", query="partNumber=4").stall()
    faults.on("PUT", query="partNumber=5").run(lambda _: first[0].terminate())
    first.append(start(attempt=1, **arguments))

    outcome = json.loads(output_of(first[0])[-1])

    assert first[0].returncode == 0
    assert (outcome["state"], outcome["tries"]) == ("success", 2)
    assert 3 <= outcome["result"]["resumed_parts"] < PARTS
    assert faults.count("POST", query="uploads") == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="data.bin")["Body"].read() == file.read_bytes()
