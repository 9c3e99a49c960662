"""Deletions of many keys: flat memory, and a word of progress now and then."""

from __future__ import annotations

import logging
import time
import tracemalloc
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from airflow_s3ops.s3.batch import Failures
from airflow_s3ops.s3.delete_many import delete_objects
from airflow_s3ops.s3.errors import PartialDelete
from airflow_s3ops.s3.removal import Removal
from airflow_s3ops.s3.results import FailedKey

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)


class MadeUpBucket:
    """A client to a bucket of so many thousand keys, which are made up as they are listed."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.meta = SimpleNamespace(events=SimpleNamespace(register=lambda *_, **__: None))

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        page = int(request.get("ContinuationToken", 0))
        modified = datetime(2026, 1, 1, tzinfo=timezone.utc)
        contents = [
            {
                "Key": f"some/folder/{page:06}/{number:04}.csv",
                "Size": 1,
                "ETag": '"e"',
                "LastModified": modified,
            }
            for number in range(1000)
        ]
        is_truncated = page + 1 < self.pages
        return {"Contents": contents, "IsTruncated": is_truncated, "NextContinuationToken": str(page + 1)}

    def delete_objects(self, **_: Any) -> dict[str, Any]:
        time.sleep(0.05)  # slower than the listing: what is listed must not pile up
        return {}


def peak_bytes_of_deleting(pages: int) -> int:
    bucket = MadeUpBucket(pages)
    tracemalloc.start()
    try:
        result = delete_objects(cast("S3Client", bucket), "made-up", everything=True)
        assert result.deleted == pages * 1000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_deleting_five_times_as_many_keys_takes_no_more_memory() -> None:
    small, large = peak_bytes_of_deleting(pages=12), peak_bytes_of_deleting(pages=60)
    assert (large - small) / 48_000 < 10  # bytes a key


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_told_every_few_seconds_and_no_more_often(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.INFO):
        removal = Removal("some-bucket", log, clock)
        for _ in range(40):
            clock.now += 0.5
            removal.add(1000, Failures())
    assert [record.getMessage() for record in caplog.records] == [
        f"s3://some-bucket: {deleted} deleted, 0 failed so far" for deleted in (10000, 20000, 30000, 40000)
    ]


def test_failures_are_counted_out_of_what_was_sent() -> None:
    removal = Removal("some-bucket", log)
    failed = FailedKey("k", None, "SlowDown", "Slow down.")
    removal.add(1000, Failures(passing=[failed]))
    assert removal.deleted == 999
    with pytest.raises(PartialDelete) as caught:
        removal.require_success()
    assert caught.value.failures == (failed,)
    assert caught.value.retryable


def test_without_failures_there_is_nothing_to_raise() -> None:
    removal = Removal("some-bucket", log)
    removal.add(1000, Failures())
    removal.require_success()
    assert removal.deleted == 1000
