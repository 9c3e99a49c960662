"""Work on items in threads that end with the call; how many at once may change on the way."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.halt import POLL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_s3ops.s3.halt import Halt

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
    halt: Halt,
) -> None:
    """Work on every item; items are taken, and results handed over, in the calling thread.

    :param limit: how many may be under way now; asked before each item.
    :param threads: the most that ``limit`` ever says.
    :raises Stopped: the halt was asked for.
    :raises Exception: the first that ``work`` raised; the others under way are told to end.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="s3ops-part")
    running: set[Future[Done]] = set()
    in_haste = False
    try:
        while _top_up(pool, running, items, work, limit):
            done, _ = wait(running, POLL, FIRST_COMPLETED)
            running -= done
            for future in done:
                on_done(future.result())
            halt.check()
    except BaseException as error:
        halt.fail()
        in_haste = halt.is_asked_for or not isinstance(error, Exception)
        raise
    finally:
        hung = wait(running, JOIN_WITHIN).not_done if in_haste else None
        pool.shutdown(wait=not hung, cancel_futures=True)
        if not hung:
            halt.recover()


def run_aside(work: Callable[[], Done], halt: Halt, grace: float | None = None) -> Done:
    """Do one thing in a thread and wait for it, so that a stop is seen meanwhile.

    :param grace: seconds that the work still has when the end is asked for; None means 1.2.
    :return: what ``work`` returns, also if the end is asked for while it is about to.
    :raises Stopped: the halt was asked for, and the work did not end soon.
    :raises Exception: what ``work`` raised.
    """
    halt.check()
    future: Future[Done] = Future()
    context = copy_context()
    # A daemon: a thread that waits for a dead connection must not keep the process from ending.
    threading.Thread(target=context.run, args=(_fulfil, future, work), name="s3ops-call", daemon=True).start()
    try:
        while not wait([future], POLL).done:
            halt.check()
    except Stopped:
        if not wait([future], JOIN_WITHIN if grace is None else grace).done:
            raise
    return future.result()


def _fulfil(future: Future[Done], work: Callable[[], Done]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(error)


def _top_up(
    pool: ThreadPoolExecutor,
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
