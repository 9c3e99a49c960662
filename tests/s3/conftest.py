"""Fixtures of several test modules in this folder."""

from __future__ import annotations

import threading
from typing import Protocol

import pytest

from airflow_s3ops.s3.uploads import dispatch


@pytest.fixture(params=["awscrt", "boto3"])
def either_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test on both paths for small files: the fast path (awscrt), and the boto3 path."""
    if request.param == "boto3":
        monkeypatch.setattr(dispatch, "unsupported_reason", lambda *_: "the test sets this reason")
    return str(request.param)


class FewThreads(Protocol):
    """Limits how many more threads can start whose name begins with ``name``."""

    def __call__(self, name: str, *, most: int) -> None:
        """Let ``most`` threads start, and refuse all later ones."""


@pytest.fixture
def few_threads(monkeypatch: pytest.MonkeyPatch) -> FewThreads:
    """Simulate a machine that has reached its limit of threads, for threads of a given name."""
    start = threading.Thread.start

    def limit(name: str, *, most: int) -> None:
        started = 0

        def refuse(thread: threading.Thread) -> None:
            nonlocal started
            if thread.name.startswith(name):
                started += 1
                if started > most:
                    raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)

    return limit
