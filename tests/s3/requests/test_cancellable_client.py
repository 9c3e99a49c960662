"""Cancellation does not wait for pending requests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import ObjectNotFound, Stopped
from airflow_s3ops.s3.requests.caller import caller_of
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.translate import translated
from tests.faults import Soon

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def client(faults: FaultProxy, stop: threading.Event) -> S3Client:
    inner = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=60)
    return cancellable(inner, Cancellation(stop, "x"))


def test_responses_and_errors_are_those_of_the_client(client: S3Client, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1
    with pytest.raises(ObjectNotFound), translated(client, bucket, "unknown"):
        client.get_object(Bucket=bucket, Key="unknown")
    assert caller_of(client).region == client.meta.region_name


def test_after_cancellation_no_request_is_sent(
    client: S3Client, bucket: str, stop: threading.Event, faults: FaultProxy
) -> None:
    stop.set()
    with pytest.raises(Stopped):
        client.head_bucket(Bucket=bucket)
    assert faults.requests == []


def test_cancellation_does_not_wait_for_a_response(
    client: S3Client, bucket: str, stop: threading.Event, faults: FaultProxy
) -> None:
    faults.on("HEAD", predicate=Soon(stop.set)).stall()
    with pytest.raises(Stopped):
        client.head_bucket(Bucket=bucket)


def test_cancellation_does_not_wait_for_a_page_of_a_paginator(
    client: S3Client, bucket: str, stop: threading.Event, faults: FaultProxy
) -> None:
    faults.on("GET", predicate=Soon(stop.set)).stall()
    with pytest.raises(Stopped):
        list(client.get_paginator("list_objects_v2").paginate(Bucket=bucket))
