from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.parallel import run_in_thread, run_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3.conftest import FewThreads


def s3ops_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("s3ops")]


def test_every_item_is_processed_and_on_done_runs_in_the_calling_thread() -> None:
    done: dict[int, str] = {}

    def note(result: int) -> None:
        done[result] = threading.current_thread().name

    run_parallel(
        iter(range(20)),
        lambda n: n,
        limit=lambda: 3,
        threads=3,
        on_done=note,
        cancellation=Cancellation(None, "x"),
    )
    assert sorted(done) == list(range(20))
    assert set(done.values()) == {threading.current_thread().name}
    assert s3ops_threads() == []


def test_items_in_flight_never_exceed_the_current_limit_and_are_taken_only_when_there_is_room() -> None:
    lock = threading.Lock()
    running = most = taken = finished = 0
    limit = 4

    def items() -> Iterator[int]:
        nonlocal taken
        for n in range(30):
            taken += 1
            assert taken - finished <= 5, "taken before there was room"
            yield n

    def work(n: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1
        return n

    def note(_: int) -> None:
        nonlocal finished, limit
        finished += 1
        limit = 4 if finished < 10 else 1

    run_parallel(
        items(), work, limit=lambda: limit, threads=4, on_done=note, cancellation=Cancellation(None, "x")
    )
    assert (taken, finished) == (30, 30)
    assert most <= 4


def test_the_first_failure_ends_the_other_items_and_the_threads() -> None:
    cancellation = Cancellation(None, "x")
    both = threading.Barrier(2)
    ended: list[int] = []

    def work(n: int) -> None:
        both.wait(10)
        if n == 0:
            raise ValueError("first")
        try:
            cancellation.sleep(60)
        except Stopped:
            ended.append(n)
            raise

    with pytest.raises(ValueError, match="first"):
        run_parallel(
            iter(range(2)),
            work,
            limit=lambda: 2,
            threads=2,
            on_done=lambda _: None,
            cancellation=cancellation,
        )
    assert ended == [1]
    assert s3ops_threads() == []
    cancellation.check()  # another try may follow


def test_cancellation_ends_the_work() -> None:
    stop = threading.Event()
    cancellation = Cancellation(stop, "x")

    def work(_: int) -> None:
        stop.set()
        cancellation.sleep(60)

    with pytest.raises(Stopped):
        run_parallel(
            iter(range(9)),
            work,
            limit=lambda: 2,
            threads=2,
            on_done=lambda _: None,
            cancellation=cancellation,
        )
    assert s3ops_threads() == []


def test_cancellation_does_not_wait_for_a_blocked_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_s3ops.s3.requests.parallel.JOIN_WITHIN", 0.05)
    stop, release = threading.Event(), threading.Event()

    def work(_: int) -> None:
        stop.set()
        release.wait(60)

    with pytest.raises(Stopped):
        run_parallel(
            iter(range(1)),
            work,
            limit=lambda: 1,
            threads=1,
            on_done=lambda _: None,
            cancellation=Cancellation(stop, "x"),
        )
    assert s3ops_threads()
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("s3ops"):
            thread.join(10)


def test_an_interruption_does_not_wait_for_a_blocked_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_s3ops.s3.requests.parallel.JOIN_WITHIN", 0.05)
    started, release = threading.Event(), threading.Event()
    cancellation = Cancellation(None, "x")

    def work(n: int) -> int:
        if n:
            started.set()
            release.wait(60)
        return n

    def interrupt(_: int) -> None:
        started.wait(60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_parallel(
            iter(range(2)), work, limit=lambda: 2, threads=2, on_done=interrupt, cancellation=cancellation
        )
    with pytest.raises(Stopped):
        cancellation.check()  # for the thread that is still there
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("s3ops"):
            thread.join(10)


def test_an_error_in_on_done_ends_the_work() -> None:
    def note(_: int) -> None:
        raise KeyError("subscriber")

    with pytest.raises(KeyError):
        run_parallel(
            iter(range(9)),
            lambda n: n,
            limit=lambda: 2,
            threads=2,
            on_done=note,
            cancellation=Cancellation(None, "x"),
        )
    assert s3ops_threads() == []


def test_without_a_thread_the_work_runs_in_the_calling_thread(few_threads: FewThreads) -> None:
    few_threads("s3ops-call", most=0)
    assert run_in_thread(threading.current_thread, Cancellation(None, "x")) is threading.current_thread()
