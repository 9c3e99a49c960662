from __future__ import annotations

import threading

import pytest

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.requests.cancellation import Cancellation


def test_it_goes_on_until_it_is_asked_to_stop() -> None:
    stop = threading.Event()
    cancellation = Cancellation(stop, "s3://b/k")
    cancellation.check()
    stop.set()
    with pytest.raises(Stopped, match="s3://b/k"):
        cancellation.check()
    assert cancellation.is_requested


def test_a_failure_stops_it_and_can_be_recovered_from() -> None:
    cancellation = Cancellation(None, "x")
    cancellation.fail()
    with pytest.raises(Stopped):
        cancellation.check()
    assert not cancellation.is_requested
    cancellation.recover()
    cancellation.check()


def test_nobody_may_ask() -> None:
    Cancellation(None, "x").check()


@pytest.mark.parametrize("from_outside", [True, False])
def test_a_pause_ends_with_it(*, from_outside: bool) -> None:
    stop = threading.Event()
    cancellation = Cancellation(stop, "x")
    threading.Timer(0.05, stop.set if from_outside else cancellation.fail).start()
    with pytest.raises(Stopped):
        cancellation.sleep(600)


def test_a_pause_of_no_length_still_looks() -> None:
    cancellation = Cancellation(None, "x")
    cancellation.sleep(0)
    cancellation.fail()
    with pytest.raises(Stopped):
        cancellation.sleep(0)
