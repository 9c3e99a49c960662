"""Errors that go away within seconds are retried, for a limited time."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, WAITS, retry_while
from tests.s3.buckets.support import SHORT_WAITS


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", SHORT_WAITS)


class FailingCall:
    """Raises an error in the first ``times`` calls, then returns."""

    def __init__(self, code: str, times: int) -> None:
        self.calls = 0
        self._code, self._times = code, times

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._times:
            response: Any = {"Error": {"Code": self._code}, "ResponseMetadata": {"HTTPStatusCode": 409}}
            raise ClientError(response, "PutBucketPolicy")
        return "done"


def test_returns_what_the_call_returns() -> None:
    assert retry_while(FailingCall(CONFLICT, 0), CONFLICT) == "done"


def test_retries_until_the_call_succeeds() -> None:
    call = FailingCall(CONFLICT, len(SHORT_WAITS))

    assert retry_while(call, CONFLICT) == "done"
    assert call.calls == len(SHORT_WAITS) + 1


def test_raises_the_error_after_the_last_attempt() -> None:
    with pytest.raises(ClientError, match=CONFLICT):
        retry_while(FailingCall(CONFLICT, len(SHORT_WAITS) + 1), CONFLICT)


def test_does_not_retry_any_other_error() -> None:
    call = FailingCall("AccessDenied", 1)

    with pytest.raises(ClientError, match="AccessDenied"):
        retry_while(call, CONFLICT, "NoSuchBucket")

    assert call.calls == 1


def test_all_waits_together_are_under_20_seconds() -> None:
    assert sum(WAITS) < 20
