from __future__ import annotations

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import WORTH_ANOTHER_TRY, Retries


class Flaky:
    """Fails ``times`` times, then returns 42."""

    def __init__(self, error: errors.S3OpsError, times: int) -> None:
        self.error, self.times, self.tries = error, times, 0

    def __call__(self) -> int:
        self.tries += 1
        if self.tries <= self.times:
            raise self.error
        return 42


@pytest.mark.parametrize("kind", WORTH_ANOTHER_TRY)
def test_a_temporary_error_is_retried(kind: type[errors.S3OpsError]) -> None:
    waits: list[float] = []
    seen: list[errors.S3OpsError] = []
    flaky = Flaky(kind("x"), 3)
    assert Retries(tries=5).run(flaky, waits.append, seen.append) == 42
    assert (flaky.tries, len(waits), len(seen)) == (4, 3, 3)


def test_the_number_of_tries_is_limited() -> None:
    flaky = Flaky(errors.Throttled("x"), 99)
    with pytest.raises(errors.Throttled):
        Retries(tries=5).run(flaky, lambda _: None)
    assert flaky.tries == 5


@pytest.mark.parametrize(
    "kind", [errors.AccessDenied, errors.SourceChanged, errors.UploadNotFound, errors.Stopped]
)
def test_another_error_is_not_retried(kind: type[errors.S3OpsError]) -> None:
    flaky = Flaky(kind("x"), 1)
    with pytest.raises(kind):
        Retries().run(flaky, lambda _: None)
    assert flaky.tries == 1


def test_waits_are_random_and_grow_up_to_a_limit() -> None:
    retries = Retries(base=1.0, longest=8.0)
    for tries, limit in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (50, 8)]:
        waits = {retries.backoff(tries) for _ in range(200)}
        assert 0 <= min(waits) < limit / 3
        assert limit / 2 < max(waits) <= limit
        assert len(waits) > 100


def test_an_exception_in_a_wait_ends_the_retries() -> None:
    def stop(_: float) -> None:
        raise errors.Stopped("x")

    flaky = Flaky(errors.Throttled("x"), 99)
    with pytest.raises(errors.Stopped):
        Retries().run(flaky, stop)
    assert flaky.tries == 1
