"""Requests made ahead, in threads, while what the ones before have shown is worked on."""

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
    """Yield what calls return, in their order; threads make them.

    :param most: calls that are made and not yielded.
    :param check: called every 0.1 s while a call is waited for; what it raises ends the waiting.
    :raises Exception: what a call raised, at its turn.
    """
    coming: deque[Future[T]] = deque()
    pool = Threads(threads, "s3ops-look")
    try:
        for call in calls:
            coming.append(pool.submit(call))
            if len(coming) >= most:
                yield _next(coming, check)
        while coming:
            yield _next(coming, check)
    finally:
        close_pool(pool, coming, JOIN_WITHIN)


def fetched_ahead(pages: Iterable[T], check: Callable[[], None]) -> Iterator[T]:
    """Yield a listing's pages, which a thread fetches; each as :func:`a_page_ahead` does.

    :param check: as in :func:`in_order`.
    """
    end = object()
    fetch = cast("Callable[[], T]", partial(next, iter(pages), end))
    # One thread, because the pages come one after the other.
    fetched = in_order(repeat(fetch), threads=1, most=PAGES_AHEAD, check=check)
    return a_page_ahead(iter(partial(next, fetched), end))


def a_page_ahead(pages: Iterable[T]) -> Iterator[T]:
    """Yield a listing's pages, each only when the next one has been fetched.

    Moto and Versity Gateway end a listing early, without an error, if the version that its marker names is
    gone by then.
    """
    waiting: list[T] = []
    for page in pages:
        yield from waiting
        waiting = [page]
    yield from waiting


def _next(coming: deque[Future[T]], check: Callable[[], None]) -> T:
    while not coming[0].done():
        check()
        wait([coming[0]], POLL)
    return coming.popleft().result()
