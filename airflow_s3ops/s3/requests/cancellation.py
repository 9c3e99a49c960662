"""The end of some work before its time: asked for from outside, or because a part of it failed."""

from __future__ import annotations

import threading
import time

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.names import s3_uri

# How long a flag may go unnoticed while nothing else happens.
POLL = 0.1


class EitherEvent(threading.Event):
    """A flag that is up as well when another one is: ended from outside, or by who made it.

    :param other: the other flag; None if there is none.
    """

    def __init__(self, other: threading.Event | None) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Return whether either is up."""
        return super().is_set() or (self._other is not None and self._other.is_set())


class Cancellation:
    """What every step of the work looks at.

    :param stop: set from outside (``on_kill``); None if nobody will.
    :param what: what is worked on, for the error.
    """

    def __init__(self, stop: threading.Event | None, what: str) -> None:
        self._stop = stop or threading.Event()
        self._failed = threading.Event()
        self._what = what

    @property
    def is_requested(self) -> bool:
        """Whether the end was asked for from outside."""
        return self._stop.is_set()

    def fail(self) -> None:
        """Let the other threads end, because one cannot go on."""
        self._failed.set()

    def recover(self) -> None:
        """Take :meth:`fail` back, once the threads have ended: another try may follow."""
        self._failed.clear()

    def check(self) -> None:
        """Go on, or not.

        :raises Stopped: the end was asked for, or another thread failed.
        """
        if self._stop.is_set() or self._failed.is_set():
            raise Stopped(f"The work on {self._what} was stopped on request")

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than to the end.

        :raises Stopped: as :meth:`check`.
        """
        until = time.monotonic() + seconds
        self.check()
        while (rest := until - time.monotonic()) > 0:
            # Not the flag's own wait(): on_kill sets it in a signal handler, in this very thread, and would
            # wait for a lock that the thread holds.
            time.sleep(min(rest, POLL))
            self.check()


class Deadline(Cancellation):
    """The end after so many seconds, for what is still to be tidied up when the end was asked for.

    :param seconds: None for no end.
    """

    def __init__(self, seconds: float | None, what: str) -> None:
        super().__init__(None, what)
        self._until = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Go on, or not.

        :raises Stopped: the time is over.
        """
        if self._until is not None and time.monotonic() > self._until:
            raise Stopped(f"There was no time left to tidy up at {self._what}")


def raise_if_cancelled(stop: threading.Event | None, bucket: str) -> None:
    """Look at the flag between two requests of work that has no threads of its own.

    :param stop: set by ``on_kill``; None for an operation that nobody stops.
    :raises Stopped: the flag is set.
    """
    if stop is not None and stop.is_set():
        raise Stopped(f"The work on {s3_uri(bucket)} was stopped on request", bucket=bucket)
