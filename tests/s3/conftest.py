"""What several modules here need."""

from __future__ import annotations

import threading
from typing import Protocol

import pytest

from airflow_s3ops.s3.uploads import paths


@pytest.fixture(params=["fast", "engine"])
def either_road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with both roads for small files: awscrt, and boto3 where that cannot serve."""
    if request.param == "engine":
        monkeypatch.setattr(paths, "unsupported_reason", lambda *_: "the test wants it so")
    return str(request.param)


class FewThreads(Protocol):
    """Lets only so many more threads begin whose name starts with ``name``."""

    def __call__(self, name: str, *, most: int) -> None:
        """Refuse all that come after."""


@pytest.fixture
def few_threads(monkeypatch: pytest.MonkeyPatch) -> FewThreads:
    """A machine whose limit of threads is reached, for those of some name."""
    start = threading.Thread.start

    def limit(name: str, *, most: int) -> None:
        begun = 0

        def refuse(thread: threading.Thread) -> None:
            nonlocal begun
            if thread.name.startswith(name):
                begun += 1
                if begun > most:
                    raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)

    return limit
