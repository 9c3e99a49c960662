"""Deletions that run beside each other: more at once or fewer, and what breaks some of them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.buckets.delete import delete_bucket
from airflow_s3ops.s3.deletes import batch, run
from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from airflow_s3ops.s3.objects.delete import delete_object
from airflow_s3ops.s3.requests.concurrency import Concurrency
from tests.faults import Soon

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

# Two seconds are promised; the rest is for a busy machine.
STOP_WITHIN = 2.0
GRACE = 3.0
IS_THE_BUCKET = {"path": "/s3ops-*[!n]"}  # and not the key that is unknown in it
IS_SLOW_DOWN = "<Error><Key>{}</Key><Code>SlowDown</Code><Message>Reduce.</Message></Error>"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys a request, and no waiting, so that a few keys make many requests."""
    monkeypatch.setattr(run, "BATCH_SIZE", 2)
    monkeypatch.setattr(batch, "BATCH_SIZE", 2)
    monkeypatch.setattr(batch, "BACKOFF", (0.0, 0.0, 0.0))


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The limits that the deletions had, each change of them."""
    seen: list[int] = []
    one_by_one = threading.Lock()

    class Watched(Concurrency):
        def __init__(self, most: int, start: int | None = None) -> None:
            super().__init__(most, start)
            seen.append(self.limit)

        def throttled(self) -> None:
            with one_by_one:
                super().throttled()
                self.note()

        def succeeded(self, seconds: float = 0.0, operation: str = "") -> None:
            with one_by_one:
                super().succeeded(seconds, operation)
                self.note()

        def note(self) -> None:
            if seen[-1] != self.limit:
                seen.append(self.limit)

    monkeypatch.setattr(run, "Concurrency", Watched)
    return seen


def put(s3: S3Client, bucket: str, count: int) -> None:
    for number in range(count):
        s3.put_object(Bucket=bucket, Key=f"k{number:03}", Body=b"x")


def test_it_begins_with_four_and_ends_at_the_clients_connections(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is.
    monkeypatch.setattr("airflow_s3ops.s3.requests.concurrency.BUSY", float("inf"))
    put(s3, bucket, 80)
    at_once = _AtOnce()
    faults.on("POST", times=None).run(at_once)
    client = faults.server.client(max_pool_connections=7)
    assert delete_objects(client, bucket, prefix="k").deleted == 80
    assert limits == [4, 5, 6]  # the seventh connection lists
    assert at_once.most <= 6


class _AtOnce:
    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, _: object) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1


def test_a_burst_of_503_halves_it_and_all_is_deleted(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int]
) -> None:
    put(s3, bucket, 60)
    faults.on("POST", times=12, after=3).respond(503, "SlowDown")
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 60
    assert min(limits) <= 2
    assert list(list_objects(s3, bucket)) == []


def test_keys_that_are_throttled_inside_a_200_lower_it(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int]
) -> None:
    put(s3, bucket, 40)
    refusal = f"<DeleteResult>{IS_SLOW_DOWN.format('k000')}{IS_SLOW_DOWN.format('k001')}</DeleteResult>"
    faults.on("POST", times=1).answer_body(200, refusal.encode())
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 40
    assert min(limits) == 2


def test_a_server_that_closes_connections_loses_nothing(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, 40)
    faults.on("POST", times=3).reset_after(bytes=0)
    faults.on("POST", times=3, after=4).lose_answer()
    faults.on("GET").reset_after(bytes=0)
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 40
    assert list(list_objects(s3, bucket)) == []


@pytest.mark.needs("versioning")
def test_versions_and_markers_survive_no_faults(
    s3: S3Client, versioned_bucket: str, faults: FaultProxy
) -> None:
    for _ in range(3):
        put(s3, versioned_bucket, 5)
    s3.delete_object(Bucket=versioned_bucket, Key="k001")
    faults.on("POST", times=2).respond(503, "SlowDown")
    faults.on("POST").lose_answer()
    result = delete_objects(faults.server.client(), versioned_bucket, everything=True, all_versions=True)
    assert result.deleted == 16
    assert list(list_versions(s3, versioned_bucket)) == []


def a_prefix(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_objects(client, bucket, prefix="k", stop=stop)


def given_keys(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_objects(client, bucket, keys=["k000", "k001"], stop=stop)


def an_unknown_key(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_objects(client, bucket, keys=["unknown"], stop=stop)


def one_object(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_object(client, bucket, "k000", stop=stop)


def an_unknown_object(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_object(client, bucket, "unknown", stop=stop)


def the_bucket(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_bucket(client, bucket, force=True, stop=stop)


def an_empty_bucket(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    delete_objects(client, bucket, prefix="k")
    return delete_bucket(client, bucket, stop=stop)


def the_bucket_as_if_empty(client: S3Client, bucket: str, stop: threading.Event) -> Any:
    return delete_bucket(client, bucket, stop=stop)


@pytest.mark.parametrize(
    ("delete", "hangs", "where"),
    [
        (a_prefix, "POST", {"query": "delete"}),
        (a_prefix, "GET", {"query": "list-type"}),
        (given_keys, "HEAD", {}),
        (an_unknown_key, "HEAD", IS_THE_BUCKET),
        (one_object, "HEAD", {}),
        (one_object, "DELETE", {}),
        (an_unknown_object, "HEAD", IS_THE_BUCKET),
        (the_bucket, "GET", {"query": "uploads"}),
        (the_bucket, "POST", {"query": "delete"}),
        (the_bucket, "DELETE", {}),
        (an_empty_bucket, "GET", {"query": "versions"}),
        (an_empty_bucket, "DELETE", {}),
        (the_bucket_as_if_empty, "GET", {"query": "uploads"}),
    ],
)
def test_a_stop_does_not_wait_for_a_server_that_says_nothing(
    s3: S3Client,
    bucket: str,
    faults: FaultProxy,
    delete: Callable[[S3Client, str, threading.Event], Any],
    hangs: str,
    where: dict[str, Any],
) -> None:
    put(s3, bucket, 4)
    stop = threading.Event()
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=10)
    asked_at: list[float] = []

    def ask_to_stop() -> None:
        asked_at.append(time.monotonic())
        stop.set()

    faults.on(hangs, **where, times=None, predicate=Soon(ask_to_stop)).stall()
    with pytest.raises(Stopped):
        delete(client, bucket, stop)
    assert time.monotonic() - asked_at[0] < STOP_WITHIN + GRACE
