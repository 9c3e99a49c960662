"""Work on items in threads that end with the call; how many at once may change on the way."""

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

# A thread in the middle of a send sees the halt at its next block. One that waits for a dead connection does
# not, and a stop must not wait for it: it ends by its own time-out.
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
    """Work on every item; items are taken, and results handed over, in the calling thread.

    :param limit: how many may be under way now; asked before each item.
    :param threads: the most that ``limit`` ever says.
    :raises Stopped: the halt was asked for.
    :raises OutOfThreads: not one thread can be begun; with fewer than asked for it goes on.
    :raises Exception: the first that ``work`` raised; the others under way are told to end.
    """
    pool = Threads(threads, "s3ops-part")
    running: set[Future[Done]] = set()
    in_haste = False
    try:
        while _top_up(pool, running, items, work, limit):
            done, _ = wait(running, POLL, FIRST_COMPLETED)
            running -= done
            for future in done:
                on_done(future.result())
            cancellation.check()
    except BaseException as error:
        cancellation.fail()
        in_haste = cancellation.is_requested or not isinstance(error, Exception)
        raise
    finally:
        hung = close_pool(pool, running, JOIN_WITHIN if in_haste else None)
        if not hung:
            cancellation.recover()


def run_in_thread(work: Callable[[], Done], cancellation: Cancellation, grace: float | None = None) -> Done:
    """Do one thing in a thread and wait for it, so that a stop is seen meanwhile.

    :param grace: seconds that the work still has when the end is asked for; None means 1.2.
    :return: what ``work`` returns, also if the end is asked for while it is about to.
    :raises Stopped: the halt was asked for, and the work did not end soon.
    :raises Exception: what ``work`` raised.
    """
    cancellation.check()
    future: Future[Done] = Future()
    try:
        thread_for(partial(fulfil, future, work), "s3ops-call")
    except OutOfThreads:
        return work()  # a stop waits for it, but what is open can still be completed or tidied up
    try:
        while not wait([future], POLL).done:
            cancellation.check()
    except Stopped:
        if not wait([future], JOIN_WITHIN if grace is None else grace).done:
            raise
    return future.result()


def close_pool(pool: Threads, submitted: Iterable[Future[Done]], within: float | None) -> bool:
    """Close a pool; what no thread has begun is not begun any more.

    :param within: seconds to wait for what was begun; None for as long as it takes.
    :return: whether something is still under way.
    """
    begun = [future for future in submitted if not future.cancel()]
    hung = bool(wait(begun, within).not_done)
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
