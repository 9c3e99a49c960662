"""Concurrent delete requests: how their number changes, faults in some of them, and cancellation."""

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

# Cancellation is promised within two seconds; the grace is for a busy machine.
CANCELLED_WITHIN = 2.0
GRACE = 3.0
BUCKET_ITSELF = {"path": "/s3ops-*[!n]"}  # not a request for the unknown key in it
SLOW_DOWN = "<Error><Key>{}</Key><Code>SlowDown</Code><Message>Reduce.</Message></Error>"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys per request, and no backoff, so that a few keys make many requests."""
    monkeypatch.setattr(run, "BATCH_SIZE", 2)
    monkeypatch.setattr(batch, "BATCH_SIZE", 2)
    monkeypatch.setattr(batch, "BACKOFF", (0.0, 0.0, 0.0))


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All limits of requests at once during the deletion, in order."""
    seen: list[int] = []
    lock = threading.Lock()

    class Recorded(Concurrency):
        def __init__(self, most: int, start: int | None = None) -> None:
            super().__init__(most, start)
            seen.append(self.limit)

        def throttled(self) -> None:
            with lock:
                super().throttled()
                self.record()

        def succeeded(self, seconds: float = 0.0, operation: str = "") -> None:
            with lock:
                super().succeeded(seconds, operation)
                self.record()

        def record(self) -> None:
            if seen[-1] != self.limit:
                seen.append(self.limit)

    monkeypatch.setattr(run, "Concurrency", Recorded)
    return seen


def put(s3: S3Client, bucket: str, count: int) -> None:
    for number in range(count):
        s3.put_object(Bucket=bucket, Key=f"k{number:03}", Body=b"x")


def test_requests_at_once_grow_from_four_to_the_clients_connections(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the limit also grows on a slow machine.
    monkeypatch.setattr("airflow_s3ops.s3.requests.concurrency.BUSY", float("inf"))
    put(s3, bucket, 80)
    at_once = _RequestsAtOnce()
    faults.on("POST", times=None).run(at_once)
    client = faults.server.client(max_pool_connections=7)
    assert delete_objects(client, bucket, prefix="k").deleted == 80
    assert limits == [4, 5, 6]  # the seventh connection is for the listing
    assert at_once.most <= 6


class _RequestsAtOnce:
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


def test_many_503_halve_the_requests_at_once_and_everything_is_deleted(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int]
) -> None:
    put(s3, bucket, 60)
    faults.on("POST", times=12, after=3).respond(503, "SlowDown")
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 60
    assert min(limits) <= 2
    assert list(list_objects(s3, bucket)) == []


def test_throttled_keys_in_a_200_lower_the_requests_at_once(
    s3: S3Client, bucket: str, faults: FaultProxy, limits: list[int]
) -> None:
    put(s3, bucket, 40)
    body = f"<DeleteResult>{SLOW_DOWN.format('k000')}{SLOW_DOWN.format('k001')}</DeleteResult>"
    faults.on("POST", times=1).respond_body(200, body.encode())
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 40
    assert min(limits) == 2


def test_everything_is_deleted_if_the_server_closes_connections(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, 40)
    faults.on("POST", times=3).reset_after(bytes=0)
    faults.on("POST", times=3, after=4).lose_response()
    faults.on("GET").reset_after(bytes=0)
    assert delete_objects(faults.server.client(), bucket, prefix="k").deleted == 40
    assert list(list_objects(s3, bucket)) == []


@pytest.mark.needs("versioning")
def test_versions_and_markers_are_deleted_in_spite_of_faults(
    s3: S3Client, versioned_bucket: str, faults: FaultProxy
) -> None:
    for _ in range(3):
        put(s3, versioned_bucket, 5)
    s3.delete_object(Bucket=versioned_bucket, Key="k001")
    faults.on("POST", times=2).respond(503, "SlowDown")
    faults.on("POST").lose_response()
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
        (an_unknown_key, "HEAD", BUCKET_ITSELF),
        (one_object, "HEAD", {}),
        (one_object, "DELETE", {}),
        (an_unknown_object, "HEAD", BUCKET_ITSELF),
        (the_bucket, "GET", {"query": "uploads"}),
        (the_bucket, "POST", {"query": "delete"}),
        (the_bucket, "DELETE", {}),
        (an_empty_bucket, "GET", {"query": "versions"}),
        (an_empty_bucket, "DELETE", {}),
        (the_bucket_as_if_empty, "GET", {"query": "uploads"}),
    ],
)
def test_cancellation_does_not_wait_for_a_server_that_does_not_respond(
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
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        stop.set()

    faults.on(hangs, **where, times=None, predicate=Soon(cancel)).stall()
    with pytest.raises(Stopped):
        delete(client, bucket, stop)
    assert time.monotonic() - cancelled_at[0] < CANCELLED_WITHIN + GRACE
