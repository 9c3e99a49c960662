from __future__ import annotations

import threading

import pytest

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.halt import Halt


def test_it_goes_on_until_it_is_asked_to_stop() -> None:
    stop = threading.Event()
    halt = Halt(stop, "s3://b/k")
    halt.check()
    stop.set()
    with pytest.raises(Stopped, match="s3://b/k"):
        halt.check()
    assert halt.is_asked_for


def test_a_failure_stops_it_and_can_be_recovered_from() -> None:
    halt = Halt(None, "x")
    halt.fail()
    with pytest.raises(Stopped):
        halt.check()
    assert not halt.is_asked_for
    halt.recover()
    halt.check()


def test_nobody_may_ask() -> None:
    Halt(None, "x").check()


@pytest.mark.parametrize("from_outside", [True, False])
def test_a_pause_ends_with_it(*, from_outside: bool) -> None:
    stop = threading.Event()
    halt = Halt(stop, "x")
    threading.Timer(0.05, stop.set if from_outside else halt.fail).start()
    with pytest.raises(Stopped):
        halt.pause(600)


def test_a_pause_of_no_length_still_looks() -> None:
    halt = Halt(None, "x")
    halt.pause(0)
    halt.fail()
    with pytest.raises(Stopped):
        halt.pause(0)
