from __future__ import annotations

import threading
from itertools import count, islice
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.requests.prefetch import PAGES_AHEAD, a_page_ahead, fetched_ahead, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def nothing() -> None:
    """Do nothing."""


def test_pages_are_yielded_in_order() -> None:
    for size in (0, 1, 2, 10):
        assert list(fetched_ahead(iter(range(size)), nothing)) == list(range(size))


def test_a_page_is_yielded_only_when_the_next_one_was_fetched() -> None:
    fetched: list[int] = []

    def pages() -> Iterator[int]:
        for number in range(5):
            fetched.append(number)
            yield number

    for ahead in (a_page_ahead(pages()), fetched_ahead(pages(), nothing)):
        fetched.clear()
        for page in ahead:
            assert page == 4 or page + 1 in fetched


def test_the_number_of_pages_fetched_ahead_is_limited() -> None:
    fetched: list[int] = []

    def pages() -> Iterator[int]:
        for number in count():
            fetched.append(number)
            yield number

    ahead = fetched_ahead(pages(), nothing)
    assert list(islice(ahead, 10)) == list(range(10))
    assert len(fetched) <= 10 + PAGES_AHEAD + 1


def test_an_exception_of_a_page_is_raised() -> None:
    def pages() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("page 3")

    ahead = fetched_ahead(pages(), nothing)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="page 3"):
        next(ahead)


def test_a_page_that_never_arrives_does_not_delay_cancellation() -> None:
    stop, release = threading.Event(), threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stopped("on request")

    def hang() -> int:
        stop.set()
        release.wait()
        return 1

    results = in_order(iter([hang]), threads=1, most=1, check=check)
    with pytest.raises(Stopped):
        next(results)
    release.set()


def test_results_come_in_the_order_of_the_calls() -> None:
    late = threading.Event()

    def first() -> int:
        late.wait()
        return 1

    def second() -> int:
        late.set()
        return 2

    calls: list[Callable[[], int]] = [first, second]
    assert list(in_order(calls, threads=2, most=2, check=nothing)) == [1, 2]
