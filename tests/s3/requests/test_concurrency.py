from __future__ import annotations

from airflow_s3ops.s3.requests.concurrency import Concurrency


def test_the_limit_starts_at_most() -> None:
    assert Concurrency(8).limit == 8


def test_throttling_halves_the_limit_once_for_all_requests_in_flight() -> None:
    concurrency = Concurrency(8)
    for _ in range(8):
        concurrency.throttled()
    assert concurrency.limit == 4
    for _ in range(4):
        concurrency.throttled()
    assert concurrency.limit == 2


def test_the_limit_never_falls_below_one() -> None:
    concurrency = Concurrency(3)
    for _ in range(20):
        concurrency.throttled()
    assert concurrency.limit == 1


def test_a_round_of_successes_raises_the_limit_by_one_up_to_most() -> None:
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


def test_throttling_after_successes_halves_the_limit_again() -> None:
    concurrency = Concurrency(8)
    concurrency.throttled()
    for _ in range(8):
        concurrency.succeeded()
    before = concurrency.limit
    concurrency.throttled()
    assert concurrency.limit == before // 2


def test_the_limit_may_start_below_most() -> None:
    assert Concurrency(9, start=4).limit == 4
    assert Concurrency(2, start=4).limit == 2


def rounds(concurrency: Concurrency, seconds: float, count: int = 1, operation: str = "") -> None:
    for _ in range(count):
        for _ in range(concurrency.limit):
            concurrency.succeeded(seconds, operation)


def test_quick_rounds_raise_the_limit_up_to_most() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1)
    assert concurrency.limit == 5
    rounds(concurrency, 0.15, 10)
    assert concurrency.limit == 9


def test_slow_responses_do_not_raise_the_limit() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1)
    rounds(concurrency, 0.3, 10)
    assert concurrency.limit == 5
    rounds(concurrency, 0.1)
    assert concurrency.limit == 6


def test_one_slow_response_among_many_does_not_stop_the_increase() -> None:
    concurrency = Concurrency(90, start=40)
    for _ in range(2):
        concurrency.succeeded(1.0)
        rounds(concurrency, 0.1)
    assert concurrency.limit > 41


def test_after_throttling_the_limit_returns_to_start_even_with_slow_responses() -> None:
    concurrency = Concurrency(256, start=64)
    rounds(concurrency, 0.001)
    for _ in range(400):
        concurrency.throttled()
    assert concurrency.limit == 1
    rounds(concurrency, 0.5, 20)
    assert concurrency.limit == 64
    rounds(concurrency, 0.5, 20)
    assert concurrency.limit == 64


def test_response_times_are_compared_within_one_operation() -> None:
    concurrency = Concurrency(9, start=4)
    rounds(concurrency, 0.1, operation="HeadObject")
    rounds(concurrency, 0.9, operation="PutObject")
    assert concurrency.limit == 6


def test_the_limit_may_double_at_first() -> None:
    concurrency = Concurrency(30, start=4, doubles=True)
    rounds(concurrency, 0.1, 2)
    assert concurrency.limit == 16
    rounds(concurrency, 0.1)
    assert concurrency.limit == 30


def test_after_throttling_or_a_slow_round_the_limit_no_longer_doubles() -> None:
    slow, throttled = (Concurrency(90, start=4, doubles=True) for _ in range(2))
    for concurrency in (slow, throttled):
        rounds(concurrency, 0.1)
    assert (slow.limit, throttled.limit) == (8, 8)
    rounds(slow, 0.9)
    throttled.throttled()
    assert (slow.limit, throttled.limit) == (8, 4)
    for concurrency in (slow, throttled):
        rounds(concurrency, 0.1)
    assert (slow.limit, throttled.limit) == (9, 5)


def test_a_large_start_is_not_exceeded_while_requests_queue() -> None:
    concurrency = Concurrency(256, start=64, doubles=True)
    concurrency.succeeded(0.001)
    rounds(concurrency, 0.018, 20)
    assert concurrency.limit == 64


def test_a_large_start_is_exceeded_if_only_the_network_latency_is_high() -> None:
    concurrency = Concurrency(256, start=64, doubles=True)
    concurrency.succeeded(0.041)
    rounds(concurrency, 0.047, 2)
    assert concurrency.limit == 256
