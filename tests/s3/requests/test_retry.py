from __future__ import annotations

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import WORTH_ANOTHER_TRY, Retries


class Flaky:
    """Fails so many times, then gives 42."""

    def __init__(self, error: errors.S3OpsError, times: int) -> None:
        self.error, self.times, self.tries = error, times, 0

    def __call__(self) -> int:
        self.tries += 1
        if self.tries <= self.times:
            raise self.error
        return 42


@pytest.mark.parametrize("kind", WORTH_ANOTHER_TRY)
def test_what_may_pass_is_tried_again(kind: type[errors.S3OpsError]) -> None:
    pauses: list[float] = []
    seen: list[errors.S3OpsError] = []
    flaky = Flaky(kind("x"), 3)
    assert Retries(tries=5).run(flaky, pauses.append, seen.append) == 42
    assert (flaky.tries, len(pauses), len(seen)) == (4, 3, 3)


def test_there_is_a_bound() -> None:
    flaky = Flaky(errors.Throttled("x"), 99)
    with pytest.raises(errors.Throttled):
        Retries(tries=5).run(flaky, lambda _: None)
    assert flaky.tries == 5


@pytest.mark.parametrize(
    "kind", [errors.AccessDenied, errors.SourceChanged, errors.UploadNotFound, errors.Stopped]
)
def test_what_cannot_pass_by_itself_is_not_tried_again(kind: type[errors.S3OpsError]) -> None:
    flaky = Flaky(kind("x"), 1)
    with pytest.raises(kind):
        Retries().run(flaky, lambda _: None)
    assert flaky.tries == 1


def test_pauses_grow_up_to_a_bound_and_are_random() -> None:
    retries = Retries(base=1.0, longest=8.0)
    for tries, bound in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (50, 8)]:
        pauses = {retries.backoff(tries) for _ in range(200)}
        assert 0 <= min(pauses) < bound / 3
        assert bound / 2 < max(pauses) <= bound
        assert len(pauses) > 100


def test_a_pause_may_end_it() -> None:
    def stop(_: float) -> None:
        raise errors.Stopped("x")

    flaky = Flaky(errors.Throttled("x"), 99)
    with pytest.raises(errors.Stopped):
        Retries().run(flaky, stop)
    assert flaky.tries == 1
