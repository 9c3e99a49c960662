"""Refusals that pass by themselves are waited for, not longer than a task can wait."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, WAITS, retry_while
from tests.s3.buckets.support import AT_ONCE


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", AT_ONCE)


class Refusing:
    """Refuses so many calls, then answers."""

    def __init__(self, code: str, times: int) -> None:
        self.calls = 0
        self._code, self._times = code, times

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._times:
            answer: Any = {"Error": {"Code": self._code}, "ResponseMetadata": {"HTTPStatusCode": 409}}
            raise ClientError(answer, "PutBucketPolicy")
        return "done"


def test_returns_what_the_call_returns() -> None:
    assert retry_while(Refusing(CONFLICT, 0), CONFLICT) == "done"


def test_waits_out_a_refusal_that_passes() -> None:
    call = Refusing(CONFLICT, len(AT_ONCE))

    assert retry_while(call, CONFLICT) == "done"
    assert call.calls == len(AT_ONCE) + 1


def test_gives_up_in_the_end() -> None:
    with pytest.raises(ClientError, match=CONFLICT):
        retry_while(Refusing(CONFLICT, len(AT_ONCE) + 1), CONFLICT)


def test_does_not_wait_for_any_other_refusal() -> None:
    call = Refusing("AccessDenied", 1)

    with pytest.raises(ClientError, match="AccessDenied"):
        retry_while(call, CONFLICT, "NoSuchBucket")

    assert call.calls == 1


def test_is_over_within_seconds() -> None:
    assert sum(WAITS) < 20
