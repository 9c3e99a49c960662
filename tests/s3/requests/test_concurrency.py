from __future__ import annotations

from airflow_s3ops.s3.requests.concurrency import Concurrency


def test_it_begins_at_the_most() -> None:
    assert Concurrency(8).limit == 8


def test_throttling_halves_it_once_for_all_that_was_under_way() -> None:
    concurrency = Concurrency(8)
    for _ in range(8):
        concurrency.throttled()
    assert concurrency.limit == 4
    for _ in range(4):
        concurrency.throttled()
    assert concurrency.limit == 2


def test_one_is_always_left() -> None:
    concurrency = Concurrency(3)
    for _ in range(20):
        concurrency.throttled()
    assert concurrency.limit == 1


def test_a_round_of_successes_raises_it_by_one_up_to_the_most() -> None:
    concurrency = Concurrency(4)
    concurrency.throttled()
    assert concurrency.limit == 2
    concurrency.succeeded()
    assert concurrency.limit == 2
    concurrency.succeeded()
    assert concurrency.limit == 3
    for _ in range(20):
        concurrency.succeeded()
    assert concurrency.limit == 4


def test_a_second_burst_after_successes_counts_again() -> None:
    concurrency = Concurrency(8)
    concurrency.throttled()
    for _ in range(8):
        concurrency.succeeded()
    before = concurrency.limit
    concurrency.throttled()
    assert concurrency.limit == before // 2


def test_it_may_begin_below_the_most() -> None:
    assert Concurrency(9, start=4).limit == 4
    assert Concurrency(2, start=4).limit == 2


def rounds(concurrency: Concurrency, seconds: float, count: int = 1, operation: str = "") -> None:
    for _ in range(count):
        for _ in range(concurrency.limit):
            concurrency.succeeded(seconds, operation)


def test_quick_rounds_raise_it_up_to_the_most() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1)
    assert concurrency.limit == 5
    rounds(concurrency, 0.15, 10)
    assert concurrency.limit == 9


def test_answers_that_became_slow_leave_it_where_it_is() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1)
    rounds(concurrency, 0.3, 10)
    assert concurrency.limit == 5
    rounds(concurrency, 0.1)
    assert concurrency.limit == 6


def test_one_slow_answer_among_many_does_not() -> None:
    concurrency = Concurrency(90, start=40)
    for _ in range(2):
        concurrency.succeeded(1.0)
        rounds(concurrency, 0.1)
    assert concurrency.limit > 41


def test_after_a_refusal_it_comes_back_to_where_it_began_however_slow_the_answers_are() -> None:
    concurrency = Concurrency(256, start=64)
    rounds(concurrency, 0.001)
    for _ in range(400):
        concurrency.throttled()
    assert concurrency.limit == 1
    rounds(concurrency, 0.5, 20)
    assert concurrency.limit == 64
    rounds(concurrency, 0.5, 20)
    assert concurrency.limit == 64


def test_answers_are_compared_with_those_to_the_same_operation() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1, operation="HeadObject")
    rounds(concurrency, 0.9, operation="PutObject")
    assert concurrency.limit == 6


def test_it_may_double_at_first() -> None:
    concurrency = Concurrency(30, start=4, doubles=True)
    rounds(concurrency, 0.1, 2)
    assert concurrency.limit == 16
    rounds(concurrency, 0.1)
    assert concurrency.limit == 30


def test_after_a_refusal_or_a_slow_round_it_no_longer_doubles() -> None:
    slow, refused = (Concurrency(90, start=4, doubles=True) for _ in range(2))
    for concurrency in (slow, refused):
        rounds(concurrency, 0.1)
    assert (slow.limit, refused.limit) == (8, 8)
    rounds(slow, 0.9)
    refused.throttled()
    assert (slow.limit, refused.limit) == (8, 4)
    for concurrency in (slow, refused):
        rounds(concurrency, 0.1)
    assert (slow.limit, refused.limit) == (9, 5)


def test_a_large_start_is_not_exceeded_where_answers_wait_for_each_other() -> None:
    concurrency = Concurrency(256, start=64, doubles=True)
    concurrency.succeeded(0.001)
    rounds(concurrency, 0.018, 20)
    assert concurrency.limit == 64


def test_it_is_where_only_the_distance_takes_time() -> None:
    concurrency = Concurrency(256, start=64, doubles=True)
    concurrency.succeeded(0.041)
    rounds(concurrency, 0.047, 2)
    assert concurrency.limit == 256
