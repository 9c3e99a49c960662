"""The fast path in processes that fork; no thread is left after an upload."""

from __future__ import annotations

import multiprocessing
import resource
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.uploads.small_files.fast_path import FastPath
from tests.s3.uploads.small_files.support import (
    all_uploaded,
    batch_args,
    objects,
    sent,
    upload_item,
    write_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.servers import S3Server

pytestmark = pytest.mark.needs_version("awscrt_without_retries")

WITHIN = 60.0


def _send(server: S3Server, bucket: str, folder: Path) -> None:
    all_uploaded(sent(server.client(), batch_args(bucket), sorted(folder.iterdir())))


def _send_with_few_descriptors(server: S3Server, bucket: str, folder: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/dev/fd").iterdir())) + 60, most))
    _send(server, bucket, folder)


def _in_a_fork(
    server: S3Server, bucket: str, folder: Path, work: Callable[[S3Server, str, Path], None] = _send
) -> None:
    with warnings.catch_warnings():
        # Python 3.12 and later warn about a fork in a process with threads; this test shows that it works.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = multiprocessing.get_context("fork").Process(target=work, args=(server, bucket, folder))
        child.start()
    child.join(WITHIN)
    assert child.exitcode == 0
    child.close()


def test_a_forked_process_uploads_after_its_parent(
    server: S3Server, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    parents, childs = write_files(tmp_path / "parent", 20), tmp_path / "child"
    all_uploaded(sent(s3, batch_args(bucket), parents))
    expected = {path.name for path in parents} | {
        path.rename(path.with_name(f"child-{path.name}")).name for path in write_files(childs, 20)
    }
    _in_a_fork(server, bucket, childs)
    assert objects(s3, bucket).keys() == expected


def test_a_forked_process_uploads_at_the_same_time_as_its_parent(
    server: S3Server, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    parents = write_files(tmp_path / "parent", 200)
    for path in write_files(tmp_path / "child", 20):
        path.rename(path.with_name(f"child-{path.name}"))
    outcomes = FastPath(s3, batch_args(bucket)).send(upload_item(path) for path in parents)
    next(outcomes)
    _in_a_fork(server, bucket, tmp_path / "child")
    assert len(list(outcomes)) == len(parents) - 1
    assert len(objects(s3, bucket)) == len(parents) + 20


def test_connections_leave_file_descriptors_for_the_files(
    server: S3Server, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 400)
    _in_a_fork(server, bucket, tmp_path, _send_with_few_descriptors)
    assert len(objects(s3, bucket)) == len(paths)


def test_no_thread_is_left(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    paths = write_files(tmp_path, 50)
    before = _threads()
    all_uploaded(sent(s3, batch_args(bucket), paths))
    deadline = time.monotonic() + WITHIN
    while _threads() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _threads() - before == set()


def _threads() -> set[str]:
    """Return the ids of all threads, including those of awscrt, which Python does not list."""
    return {path.name for path in Path("/proc/self/task").iterdir()}
