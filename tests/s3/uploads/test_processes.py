"""Uploads in processes that are killed or fork; and the memory that uploads take."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import MIB, PART, assert_stored, open_uploads, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

WITHIN = 120
PARTS = 6
SIZE = PARTS * PART
AT_ONCE = 2

UPLOAD = """
import json, resource, sys
from tests.servers import S3Server
from airflow_s3ops.s3.uploads.file import upload_file
parameters = json.load(sys.stdin)
client = S3Server(**parameters["server"]).client()
client.head_bucket(Bucket=parameters["arguments"]["bucket"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = upload_file(client, **parameters["arguments"])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({**result.to_xcom(), "grown": (after - before) * 1024}))
"""


def start(server: S3Server, **arguments: Any) -> subprocess.Popen[str]:
    """Start an upload in a new process."""
    process = subprocess.Popen(
        [sys.executable, "-c", UPLOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    json.dump({"server": asdict(server), "arguments": arguments}, process.stdin)
    process.stdin.close()
    return process


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    with process, process.stdout:
        output = process.stdout.read()
    assert process.wait(WITHIN) == 0
    result: dict[str, Any] = json.loads(output)
    return result


@pytest.mark.parametrize("compress", [None, "gzip"])
def test_a_killed_upload_is_resumed_in_another_process_and_only_missing_parts_are_sent(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path, compress: str | None
) -> None:
    path, state = write_file(tmp_path / "data.bin", SIZE), tmp_path / "state.json"
    arguments = {
        "filename": str(path),
        "bucket": bucket,
        "key": "k",
        "part_size": PART,
        "max_concurrency": AT_ONCE,
        "checkpoint": str(state),
        "compress": compress,
    }
    reached = threading.Event()
    killed = threading.Event()

    def hold(_: object) -> None:
        reached.set()
        killed.wait(WITHIN)

    faults.on("PUT", query="partNumber=5").run(hold)
    process = start(faults.server, **arguments)
    try:
        assert reached.wait(WITHIN)
    finally:
        process.kill()
        killed.set()
    assert process.wait(WITHIN) == -signal.SIGKILL
    assert process.stdout
    process.stdout.close()
    faults.settle()
    assert open_uploads(s3, bucket) == [json.loads(state.read_text())["upload_id"]]
    stored = sum(part["Size"] for part in _stored_parts(s3, bucket, state))
    before = faults.body_bytes("PUT")

    result = result_of(start(faults.server, **arguments))

    sent = faults.body_bytes("PUT") - before
    assert sent == result["size"] - stored, "the missing bytes"
    assert sent <= (1 + AT_ONCE) * PART, "the last part, and the parts that were in flight"
    assert result["resumed_parts"] >= PARTS - 1 - AT_ONCE
    assert faults.count("POST", query="uploads") == 1
    assert open_uploads(s3, bucket) == []
    assert not state.exists()
    if not compress:
        assert_stored(s3, bucket, "k", path)


def _stored_parts(s3: S3Client, bucket: str, state: Path) -> list[Any]:
    upload_id = json.loads(state.read_text())["upload_id"]
    return list(s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id).get("Parts", []))


@pytest.mark.slow
@pytest.mark.parametrize("compress", [None, "gzip"])
def test_memory_is_limited_by_the_parts_in_flight_whatever_the_file_size(
    server: S3Server, bucket: str, tmp_path: Path, compress: str | None
) -> None:
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, 200 * MIB)
    result = result_of(
        start(
            server,
            filename=str(path),
            bucket=bucket,
            key="k",
            part_size=PART,
            max_concurrency=AT_ONCE,
            compress=compress,
        )
    )
    # The allowance is for botocore: parsers, and the first connection of each thread.
    assert result["grown"] < AT_ONCE * PART + 14 * MIB


def test_a_forked_process_uploads_after_its_parent(
    server: S3Server, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    path = write_file(tmp_path / "data.bin", 2 * PART)
    upload_file(s3, path, bucket, "parent", part_size=PART)
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)
            upload_file(server.client(), path, bucket, "child", part_size=PART)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert_stored(s3, bucket, "child", path)
