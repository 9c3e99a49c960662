"""Work on items in threads that end with the call; the number of items in flight may change meanwhile."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3.errors import OutOfThreads, Stopped
from airflow_s3ops.s3.requests.cancellation import POLL
from airflow_s3ops.s3.requests.threads import Threads, fulfil, thread_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_s3ops.s3.requests.cancellation import Cancellation

Item = TypeVar("Item")
Done = TypeVar("Done")

# Seconds to wait for threads after a cancellation. A thread that is sending notices the cancellation at its
# next block. A thread that waits for a dead connection does not, and ends later by its own time-out.
JOIN_WITHIN = 1.2


def run_parallel(
    items: Iterator[Item],
    work: Callable[[Item], Done],
    *,
    limit: Callable[[], int],
    threads: int,
    on_done: Callable[[Done], object],
    cancellation: Cancellation,
) -> None:
    """Work on every item. The calling thread takes the items and passes the results to ``on_done``.

    :param limit: how many items may be in flight now; called before each item.
    :param threads: the highest value that ``limit`` ever returns.
    :raises Stopped: the work was cancelled.
    :raises OutOfThreads: no thread can be started. With fewer threads than requested the work continues.
    :raises Exception: the first that ``work`` raised; the other items in flight are cancelled.
    """
    pool = Threads(threads, "s3ops-part")
    running: set[Future[Done]] = set()
    is_urgent = False
    try:
        while _top_up(pool, running, items, work, limit):
            done, _ = wait(running, POLL, FIRST_COMPLETED)
            running -= done
            for future in done:
                on_done(future.result())
            cancellation.check()
    except BaseException as error:
        cancellation.fail()
        is_urgent = cancellation.is_requested or not isinstance(error, Exception)
        raise
    finally:
        hung = close_pool(pool, running, JOIN_WITHIN if is_urgent else None)
        if not hung:
            cancellation.recover()


def run_in_thread(work: Callable[[], Done], cancellation: Cancellation, grace: float | None = None) -> Done:
    """Call ``work`` in a thread and wait for it, so that a cancellation is noticed meanwhile.

    :param grace: seconds that the work still has after a cancellation; None means 1.2.
    :return: what ``work`` returns, also if it returns within ``grace`` after a cancellation.
    :raises Stopped: the work was cancelled, and did not end within ``grace``.
    :raises Exception: what ``work`` raised.
    """
    cancellation.check()
    future: Future[Done] = Future()
    try:
        thread_for(partial(fulfil, future, work), "s3ops-call")
    except OutOfThreads:
        # A cancellation then waits for the work. But an open upload can still be completed or aborted.
        return work()
    try:
        while not wait([future], POLL).done:
            cancellation.check()
    except Stopped:
        if not wait([future], JOIN_WITHIN if grace is None else grace).done:
            raise
    return future.result()


def close_pool(pool: Threads, submitted: Iterable[Future[Done]], within: float | None) -> bool:
    """Close a pool. Work that no thread has started is cancelled.

    :param within: seconds to wait for the work that has started; None for no limit.
    :return: whether some work is still running.
    """
    started = [future for future in submitted if not future.cancel()]
    hung = bool(wait(started, within).not_done)
    pool.close(wait=not hung)
    return hung


def _top_up(
    pool: Threads,
    running: set[Future[Done]],
    items: Iterator[Item],
    work: Callable[[Item], Done],
    limit: Callable[[], int],
) -> bool:
    while len(running) < limit():
        item = next(items, None)
        if item is None:
            break
        running.add(pool.submit(work, item))
    return bool(running)
