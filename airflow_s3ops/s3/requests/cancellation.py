"""Cancelling work: on request from outside, or because one part of it failed."""

from __future__ import annotations

import threading
import time

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.names import s3_uri

# Seconds between two checks of a flag while nothing else happens.
POLL = 0.1


class EitherEvent(threading.Event):
    """An event that is also set when another event is set: one of them by its owner, one from outside.

    :param other: the other event; None if there is none.
    """

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Return whether either event is set."""
        return super().is_set() or (self._other is not None and self._other.is_set())


class Cancellation:
    """The state that every step of the work checks.

    :param stop: set from outside (``on_kill``); None if the work cannot be cancelled from outside.
    :param what: what the work is on, for the error message.
    """

    def __init__(self, stop: threading.Event | None, what: str) -> None:
        self._stop = stop or threading.Event()
        self._failed = threading.Event()
        self._what = what

    @property
    def is_requested(self) -> bool:
        """Whether cancellation was requested from outside."""
        return self._stop.is_set()

    def fail(self) -> None:
        """Make the other threads end, because one thread failed."""
        self._failed.set()

    def recover(self) -> None:
        """Undo :meth:`fail` when the threads have ended, so that another attempt can follow."""
        self._failed.clear()

    def check(self) -> None:
        """Return if the work may continue.

        :raises Stopped: the work was cancelled, or another thread failed.
        """
        if self._stop.is_set() or self._failed.is_set():
            raise Stopped(f"The work on {self._what} was stopped on request")

    def sleep(self, seconds: float) -> None:
        """Wait; a cancellation ends the wait.

        :raises Stopped: as :meth:`check`.
        """
        until = time.monotonic() + seconds
        self.check()
        while (rest := until - time.monotonic()) > 0:
            # Not Event.wait(): on_kill sets the event in a signal handler in this same thread, and would
            # wait for a lock that the thread holds.
            time.sleep(min(rest, POLL))
            self.check()


class Deadline(Cancellation):
    """A time limit for the clean-up after a cancellation.

    :param seconds: the limit; None for no limit.
    """

    def __init__(self, seconds: float | None, what: str) -> None:
        super().__init__(None, what)
        self._until = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Return if there is time left.

        :raises Stopped: the time is over.
        """
        if self._until is not None and time.monotonic() > self._until:
            raise Stopped(f"There was no time left for the clean-up of {self._what}")


def raise_if_cancelled(stop: threading.Event | None, bucket: str) -> None:
    """Check for cancellation between two requests of work that has no threads of its own.

    :param stop: set by ``on_kill``; None for an operation that cannot be cancelled.
    :raises Stopped: ``stop`` is set.
    """
    if stop is not None and stop.is_set():
        raise Stopped(f"The work on {s3_uri(bucket)} was stopped on request", bucket=bucket)
