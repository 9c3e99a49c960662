"""Make the next requests in threads while the results of the earlier ones are processed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import wait
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar, cast

from airflow_s3ops.s3.requests.cancellation import POLL
from airflow_s3ops.s3.requests.parallel import JOIN_WITHIN, close_pool
from airflow_s3ops.s3.requests.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

T = TypeVar("T")

PAGES_AHEAD = 3


def in_order(
    calls: Iterable[Callable[[], T]], *, threads: int, most: int, check: Callable[[], None]
) -> Iterator[T]:
    """Run the calls in threads, and yield what they return, in the order of the calls.

    :param most: the highest number of calls whose results are not yet yielded.
    :param check: called every 0.1 s while waiting for a call; an exception from it ends the wait.
    :raises Exception: what a call raised, when its turn comes.
    """
    pending: deque[Future[T]] = deque()
    pool = Threads(threads, "s3ops-prefetch")
    try:
        for call in calls:
            pending.append(pool.submit(call))
            if len(pending) >= most:
                yield _next(pending, check)
        while pending:
            yield _next(pending, check)
    finally:
        close_pool(pool, pending, JOIN_WITHIN)


def fetched_ahead(pages: Iterable[T], check: Callable[[], None]) -> Iterator[T]:
    """Fetch a listing's pages in a thread, and yield them as :func:`a_page_ahead` does.

    :param check: as in :func:`in_order`.
    """
    end = object()
    fetch = cast("Callable[[], T]", partial(next, iter(pages), end))
    # One thread: each page needs the marker of the page before.
    fetched = in_order(repeat(fetch), threads=1, most=PAGES_AHEAD, check=check)
    return a_page_ahead(iter(partial(next, fetched), end))


def a_page_ahead(pages: Iterable[T]) -> Iterator[T]:
    """Yield each page of a listing only when the next page has been fetched.

    Moto and Versity Gateway end a listing early, without an error, if the version that the marker names has
    been deleted meanwhile.
    """
    held: list[T] = []
    for page in pages:
        yield from held
        held = [page]
    yield from held


def _next(pending: deque[Future[T]], check: Callable[[], None]) -> T:
    while not pending[0].done():
        check()
        wait([pending[0]], POLL)
    return pending.popleft().result()
