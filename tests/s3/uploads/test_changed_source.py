"""A file that changes while it is uploaded never becomes an object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import (
    PART,
    MemoryCheckpoint,
    assert_nothing_stored,
    assert_stored,
    one_try_client,
    open_uploads,
    write_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

# The request during which the file changes: the proxy has its headers, and has not yet read its body.
MOMENTS = {
    "at the start": ("POST", "uploads"),
    "during the first part": ("PUT", "partNumber=1"),
    "during a middle part": ("PUT", "partNumber=2"),
    "during the last part": ("PUT", "partNumber=4"),
}
SIZE = 3 * PART + 1000


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other bytes of the same length")


def rewrite_the_end(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"0123456789")


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncate(path: Path) -> None:
    os.truncate(path, PART + 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def replace(path: Path) -> None:
    write_file(path.with_name("new"), SIZE, seed=9).replace(path)


def delete(path: Path) -> None:
    path.unlink()


CHANGES = [rewrite, rewrite_the_end, append, truncate, empty, replace, delete]


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retries, "backoff", lambda *_: 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_file(tmp_path / "data.bin", SIZE)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_file_that_changes_during_an_upload_in_parts_is_not_stored(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    path: Path,
    moment: str,
    change: Callable[[Path], None],
) -> None:
    method, query = MOMENTS[moment]
    faults.on(method, query=query).run(lambda _: change(path))
    checkpoint = MemoryCheckpoint()
    with pytest.raises(errors.SourceChanged) as caught:
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert str(path) in str(caught.value)
    assert_nothing_stored(s3, bucket)
    assert open_uploads(s3, bucket) == []
    assert checkpoint.state is None
    assert faults.count("POST", query="uploadId") == 0, "completion was requested"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", [1000, PART])
def test_a_file_that_changes_during_a_single_put_is_not_stored(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    tmp_path: Path,
    size: int,
    change: Callable[[Path], None],
) -> None:
    path = write_file(tmp_path / "data.bin", size)
    faults.on("PUT").run(lambda _: change(path))
    with pytest.raises(errors.SourceChanged):
        upload_file(one_try_client(faults), path, bucket, "k")
    assert_nothing_stored(s3, bucket)


@pytest.mark.parametrize("change", [rewrite, truncate])
def test_a_file_that_changes_before_a_retry_is_not_stored(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, change: Callable[[Path], None]
) -> None:
    def change_and_match(_: object) -> bool:
        change(path)
        return True

    faults.on("PUT", query="partNumber=2", predicate=change_and_match).respond(503, "SlowDown")
    with pytest.raises(errors.SourceChanged):
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART, max_concurrency=1)
    assert_nothing_stored(s3, bucket)
    assert open_uploads(s3, bucket) == []


@pytest.mark.parametrize("change", [rewrite_the_end, append, truncate, delete])
def test_a_file_that_changes_during_compression_is_not_stored(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, change: Callable[[Path], None]
) -> None:
    faults.on("PUT", query="partNumber=1").run(lambda _: change(path))
    with pytest.raises(errors.SourceChanged):
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART, compress="gzip")
    assert_nothing_stored(s3, bucket)
    assert open_uploads(s3, bucket) == []


def test_the_existing_object_is_not_replaced(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, tmp_path: Path
) -> None:
    old = write_file(tmp_path / "old", 100, seed=5)
    upload_file(s3, old, bucket, "k")
    faults.on("PUT", query="partNumber=2").run(lambda _: rewrite(path))
    with pytest.raises(errors.SourceChanged):
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART)
    assert_stored(s3, bucket, "k", old)


def test_a_file_that_no_longer_changes_is_uploaded(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path
) -> None:
    client = one_try_client(faults)
    faults.on("PUT", query="partNumber=2").run(lambda _: append(path))
    with pytest.raises(errors.SourceChanged):
        upload_file(client, path, bucket, "k", part_size=PART)
    upload_file(client, path, bucket, "k", part_size=PART)
    assert_stored(s3, bucket, "k", path)
