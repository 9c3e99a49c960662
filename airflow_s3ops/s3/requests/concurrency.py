"""How many requests are under way at once: fewer when S3 throttles, more while it does not."""

from __future__ import annotations

import threading

# Measured: docs/design-of-transfers.md.
DEFAULT_CONCURRENCY = 8
# An answer that takes this many times the quickest one says that the server is busy.
BUSY = 2.0


class Concurrency:
    """A limit that is halved by a refusal and raised by one after a round of successes (AIMD, as TCP does).

    :param most: what it never exceeds.
    :param start: where it begins; by default there.
    :param doubles: whether the first rounds double it (TCP's slow start), until a refusal or a slow answer.
    """

    def __init__(self, most: int, start: int | None = None, *, doubles: bool = False) -> None:
        self._most = most
        self._limit = most if start is None else min(most, start)
        self._doubles = doubles
        self._successes = 0
        self._same_burst = 0
        self._quickest: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return self._limit

    def throttled(self) -> None:
        """Take note that S3 asked for less. What was under way at that time counts as one refusal."""
        with self._lock:
            self._successes = 0
            self._doubles = False
            if self._same_burst:
                self._same_burst -= 1
                return
            self._same_burst = self._limit - 1
            self._limit = max(1, self._limit // 2)

    def succeeded(self, seconds: float = 0.0, operation: str = "") -> None:
        """Take note that S3 took a request at once.

        :param seconds: how long it took, if all requests are of about one size: while answers become slow,
            more requests at once would only wait for each other.
        :param operation: what it is compared with: the quickest of this one.
        """
        with self._lock:
            self._same_burst = max(0, self._same_burst - 1)
            quickest = self._quickest[operation] = min(self._quickest.get(operation, seconds), seconds)
            if seconds > BUSY * quickest:
                self._successes = 0
                self._doubles = False
                return
            self._successes += 1
            if self._successes >= self._limit:
                self._successes = 0
                self._limit = min(self._most, 2 * self._limit if self._doubles else self._limit + 1)
