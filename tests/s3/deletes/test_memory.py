"""Deletions of many keys: flat memory, and a progress line every few seconds."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from airflow_s3ops.s3.deletes.batch import Failures
from airflow_s3ops.s3.deletes.run import Deletion
from airflow_s3ops.s3.errors import PartialDelete
from airflow_s3ops.s3.results import FailedKey
from tests.memory import ROOT, peak_bytes_on_pages
from tests.servers.made_up import PAGE, made_up

log = logging.getLogger(__name__)


# The baseline is an idle task, with a client that has made its first request.
TASK = """
import json, resource, sys
from tests.servers.server import S3Server
from airflow_s3ops.s3.deletes.objects import delete_objects

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

client = S3Server("made up", sys.argv[1], "s3ops-root", "s3ops-secret", "ap-northeast-2").client()
client.list_buckets()
idle = peak()
result = delete_objects(client, "made-up", everything=True, all_versions=sys.argv[2] == "all_versions")
print(json.dumps({"deleted": result.deleted, "added_kib": peak() - idle}))
"""


def delete_in_separate_process(pages: int, *arguments: str) -> dict[str, int]:
    with made_up(pages) as server:
        command = [sys.executable, "-c", TASK, server.as_server.endpoint_url, *arguments]
        run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, cwd=ROOT)
        assert server.deleted == pages * PAGE
    result: dict[str, int] = json.loads(run.stdout)
    assert result["deleted"] == pages * PAGE
    return result


@pytest.mark.slow
def test_a_million_keys_add_less_than_60_mib_to_an_idle_process() -> None:
    assert delete_in_separate_process(1000, "objects")["added_kib"] < 60 * 1024


@pytest.mark.slow
def test_versions_add_less_than_60_mib_to_an_idle_process() -> None:
    assert delete_in_separate_process(200, "all_versions")["added_kib"] < 60 * 1024


def peak_bytes_of_deleting(pages: int) -> int:
    return peak_bytes_on_pages(
        pages,
        'assert delete_objects(client, "made-up", everything=True).deleted == arguments["keys"]',
        before="from airflow_s3ops.s3.deletes.objects import delete_objects",
    )


@pytest.mark.slow
def test_five_times_as_many_keys_take_no_more_memory() -> None:
    # Both numbers fill all requests at once, so the requests take the same memory.
    small, large = peak_bytes_of_deleting(pages=20), peak_bytes_of_deleting(pages=100)
    assert (large - small) / 80_000 < 20  # bytes per key


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_logged_every_few_seconds_and_not_more_often(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.INFO):
        deletion = Deletion("some-bucket", log, clock)
        for _ in range(40):
            clock.now += 0.5
            deletion.add(1000, Failures())
    assert [record.getMessage() for record in caplog.records] == [
        f"s3://some-bucket: {deleted} deleted, 0 failed so far" for deleted in (10000, 20000, 30000, 40000)
    ]


def test_failures_are_not_counted_as_deleted() -> None:
    deletion = Deletion("some-bucket", log)
    failed = FailedKey("k", None, "SlowDown", "Slow down.")
    deletion.add(1000, Failures(transient=[failed]))
    assert deletion.deleted == 999
    with pytest.raises(PartialDelete) as caught:
        deletion.require_success()
    assert caught.value.failures == (failed,)
    assert caught.value.retryable


def test_without_failures_no_error_is_raised() -> None:
    deletion = Deletion("some-bucket", log)
    deletion.add(1000, Failures())
    deletion.require_success()
    assert deletion.deleted == 1000
