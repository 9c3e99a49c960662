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
    """

    def __init__(self, most: int, start: int | None = None) -> None:
        self._most = most
        self._limit = most if start is None else min(most, start)
        self._successes = 0
        self._same_burst = 0
        self._quickest = float("inf")
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return self._limit

    def throttled(self) -> None:
        """Take note that S3 asked for less. What was under way at that time counts as one refusal."""
        with self._lock:
            self._successes = 0
            if self._same_burst:
                self._same_burst -= 1
                return
            self._same_burst = self._limit - 1
            self._limit = max(1, self._limit // 2)

    def succeeded(self, seconds: float = 0.0) -> None:
        """Take note that S3 took a request at once.

        :param seconds: how long it took, if all requests are of one size: while answers become slow, more
            requests at once would only wait for each other.
        """
        with self._lock:
            self._same_burst = max(0, self._same_burst - 1)
            self._quickest = min(self._quickest, seconds)
            self._successes = self._successes + 1 if seconds <= BUSY * self._quickest else 0
            if self._successes >= self._limit:
                self._successes = 0
                self._limit = min(self._most, self._limit + 1)
