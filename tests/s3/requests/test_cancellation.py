from __future__ import annotations

import threading

import pytest

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.requests.cancellation import Cancellation


def test_check_passes_until_cancellation() -> None:
    stop = threading.Event()
    cancellation = Cancellation(stop, "s3://b/k")
    cancellation.check()
    stop.set()
    with pytest.raises(Stopped, match="s3://b/k"):
        cancellation.check()
    assert cancellation.is_requested


def test_check_fails_after_a_failure_until_recover() -> None:
    cancellation = Cancellation(None, "x")
    cancellation.fail()
    with pytest.raises(Stopped):
        cancellation.check()
    assert not cancellation.is_requested
    cancellation.recover()
    cancellation.check()


def test_check_passes_without_a_stop_event() -> None:
    Cancellation(None, "x").check()


@pytest.mark.parametrize("from_outside", [True, False])
def test_cancellation_ends_a_wait(*, from_outside: bool) -> None:
    stop = threading.Event()
    cancellation = Cancellation(stop, "x")
    threading.Timer(0.05, stop.set if from_outside else cancellation.fail).start()
    with pytest.raises(Stopped):
        cancellation.sleep(600)


def test_a_wait_of_zero_seconds_still_checks() -> None:
    cancellation = Cancellation(None, "x")
    cancellation.sleep(0)
    cancellation.fail()
    with pytest.raises(Stopped):
        cancellation.sleep(0)
