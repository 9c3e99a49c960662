from __future__ import annotations

import subprocess
import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import OutOfThreads
from airflow_s3ops.s3.requests.threads import Threads

if TYPE_CHECKING:
    from tests.s3.conftest import FewThreads

NAME = "s3ops-test"
WITHIN = 60


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_submitted_work_is_done_and_the_threads_end() -> None:
    pool = Threads(3, NAME)
    futures = [pool.submit(divmod, number, 7) for number in range(100)]
    assert [future.result(WITHIN) for future in futures] == [divmod(number, 7) for number in range(100)]
    assert 1 <= len(ours()) <= 3
    pool.close(wait=True)
    assert ours() == []


def test_a_thread_is_started_only_if_none_is_idle() -> None:
    pool = Threads(3, NAME)
    for _ in range(20):
        pool.submit(abs, -1).result(WITHIN)
    assert len(ours()) <= 2, "a thread that has just returned its result may not be idle yet"
    both = threading.Barrier(3)
    for future in [pool.submit(both.wait, WITHIN) for _ in range(3)]:
        future.result(WITHIN)
    assert len(ours()) == 3
    pool.close(wait=True)


def test_an_exception_is_raised_by_the_future() -> None:
    pool = Threads(1, NAME)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(WITHIN)
    assert pool.submit(abs, -1).result(WITHIN) == 1, "the thread still works"
    pool.close(wait=True)


def test_cancelled_work_is_not_started() -> None:
    pool = Threads(1, NAME)
    started, release = threading.Event(), threading.Event()
    done: list[str] = []

    def hold() -> None:
        started.set()
        release.wait(WITHIN)

    first, second = pool.submit(hold), pool.submit(done.append, "second")
    third = pool.submit(done.append, "third")
    assert started.wait(WITHIN)
    assert not first.cancel()
    assert second.cancel()
    release.set()
    third.result(WITHIN)
    pool.close(wait=True)
    assert done == ["third"]


def test_threads_have_the_context_of_the_thread_that_started_them() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("here")
    pool = Threads(1, NAME)
    assert pool.submit(variable.get).result(WITHIN) == "here"
    pool.close(wait=True)


def test_if_no_further_thread_can_be_started_the_existing_ones_go_on(
    few_threads: FewThreads, caplog: pytest.LogCaptureFixture
) -> None:
    few_threads(NAME, most=2)
    pool = Threads(5, NAME)
    both = threading.Barrier(2)
    futures = [pool.submit(both.wait, WITHIN) for _ in range(10)]
    for future in futures:
        future.result(WITHIN)
    assert len(ours()) == 2
    assert [record.message for record in caplog.records] == [
        "No further thread could be started (can't start new thread): the work continues with 2"
    ]
    pool.close(wait=True)


def test_if_no_thread_can_be_started_it_is_an_error_and_the_work_is_cancelled(
    few_threads: FewThreads,
) -> None:
    done: list[str] = []
    pool = Threads(5, NAME)
    few_threads(NAME, most=0)
    with pytest.raises(OutOfThreads, match="ulimit -u"):
        pool.submit(done.append, "refused")
    few_threads(NAME, most=1)
    pool.submit(done.append, "taken").result(WITHIN)
    pool.close(wait=True)
    assert done == ["taken"]


STUCK = """
import threading
from airflow_s3ops.s3.requests.threads import Threads
pool, started = Threads(1, "stuck"), threading.Event()
pool.submit(lambda: (started.set(), threading.Event().wait()))
started.wait()
pool.close(wait=False)
assert [thread for thread in threading.enumerate() if thread.name == "stuck"]
"""


def test_the_process_ends_although_a_thread_is_blocked() -> None:
    subprocess.run([sys.executable, "-c", STUCK], check=True, timeout=WITHIN)
