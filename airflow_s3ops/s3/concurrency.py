"""How many parts are under way at once: fewer for a while when S3 throttles, more again when it does not."""

from __future__ import annotations

import threading

# Measured: docs/design-of-transfers.md.
DEFAULT_CONCURRENCY = 8


class Concurrency:
    """A limit that is halved by a refusal and raised by one after a round of successes (AIMD, as TCP does).

    :param most: where it begins, and what it never exceeds.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._successes = 0
        self._same_burst = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many parts may be under way now."""
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

    def succeeded(self) -> None:
        """Take note that S3 took a part at once."""
        with self._lock:
            self._same_burst = max(0, self._same_burst - 1)
            self._successes += 1
            if self._successes >= self._limit:
                self._successes = 0
                self._limit = min(self._most, self._limit + 1)
