"""A cancelled upload ends within two seconds, at whatever step it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.uploads.file import upload_file
from tests.faults import Soon
from tests.s3.cancellation_support import GRACE, WITHIN, StopWatch
from tests.s3.uploads.support import (
    PART,
    MemoryCheckpoint,
    assert_nothing_stored,
    one_try_client,
    open_uploads,
    write_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

# The promise is two seconds; the rest is an allowance for a busy machine.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_file(tmp_path / "data.bin", 3 * PART)


def test_before_the_start_nothing_is_sent(faults: FaultProxy, bucket: str, path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Stopped):
        upload_file(one_try_client(faults), path, bucket, "k", stop=stop)
    assert faults.requests == []


@pytest.mark.parametrize("resume", [True, False])
def test_during_a_part(faults: FaultProxy, s3: S3Client, bucket: str, path: Path, *, resume: bool) -> None:
    watch, checkpoint = StopWatch(), MemoryCheckpoint()
    faults.on("PUT", query="partNumber=2").run(watch.set)
    with pytest.raises(errors.Stopped):
        upload_file(
            one_try_client(faults),
            path,
            bucket,
            "k",
            part_size=PART,
            checkpoint=checkpoint,
            resume=resume,
            stop=watch.event,
        )
    assert watch.seconds < WITHIN + GRACE
    assert_nothing_stored(s3, bucket)
    assert open_uploads(s3, bucket) == ([checkpoint.state["upload_id"]] if checkpoint.state else [])
    assert bool(checkpoint.state) == resume


def test_during_a_single_put(faults: FaultProxy, s3: S3Client, bucket: str, path: Path) -> None:
    watch = StopWatch()
    faults.on("PUT").run(watch.set)
    with pytest.raises(errors.Stopped):
        upload_file(one_try_client(faults), path, bucket, "k", stop=watch.event)
    assert watch.seconds < WITHIN + GRACE
    assert_nothing_stored(s3, bucket)


def test_while_a_connection_is_dead(faults: FaultProxy, bucket: str, path: Path) -> None:
    watch, checkpoint = StopWatch(), MemoryCheckpoint()
    faults.on("PUT", query="partNumber=3", predicate=Soon(watch.set)).stall()
    with pytest.raises(errors.Stopped):
        upload_file(
            one_try_client(faults, read_timeout=20),
            path,
            bucket,
            "k",
            part_size=PART,
            checkpoint=checkpoint,
            stop=watch.event,
        )
    assert watch.seconds < WITHIN + GRACE
    assert checkpoint.state


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize(
    ("size", "method", "query"),
    [(1000, "PUT", None), (2 * PART, "POST", "uploads"), (2 * PART, "POST", "uploadId")],
    ids=["PutObject", "CreateMultipartUpload", "CompleteMultipartUpload"],
)
def test_during_a_request_without_a_response(
    faults: FaultProxy,
    bucket: str,
    tmp_path: Path,
    size: int,
    method: str,
    query: str | None,
    *,
    resume: bool,
) -> None:
    """The client has botocore's retries, as in a task, and the server does not respond any more."""
    watch, checkpoint = StopWatch(), MemoryCheckpoint()
    path = write_file(tmp_path / "data.bin", size)

    faults.on(method, query=query, predicate=Soon(watch.set)).stall()
    if not resume and query == "uploadId":
        faults.on("DELETE").stall()
    client = faults.server.client(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})
    with pytest.raises(errors.Stopped):
        upload_file(
            client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, resume=resume, stop=watch.event
        )
    assert watch.seconds < WITHIN + GRACE


def test_during_the_wait_before_a_retry(faults: FaultProxy, bucket: str, path: Path) -> None:
    watch = StopWatch()

    def slow_down(_: object) -> bool:
        watch.set()
        return True

    faults.on("PUT", predicate=slow_down, times=None).respond(503, "SlowDown")
    with pytest.raises(errors.Stopped):
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART, stop=watch.event)
    assert watch.seconds < WITHIN + GRACE


def test_during_compression(s3: S3Client, bucket: str, path: Path) -> None:
    watch = StopWatch()
    threading.Timer(0.1, watch.set).start()
    with pytest.raises(errors.Stopped):
        _compress_repeatedly(s3, path, bucket, watch.event)
    assert watch.seconds < WITHIN + GRACE


def _compress_repeatedly(s3: S3Client, path: Path, bucket: str, stop: threading.Event) -> None:
    while True:
        upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART, stop=stop)
