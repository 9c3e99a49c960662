"""How many requests are in flight at once: fewer when S3 throttles, more while it does not."""

from __future__ import annotations

import threading
from collections import defaultdict

# Measured: docs/design-of-transfers.md.
DEFAULT_CONCURRENCY = 8
# The server is busy if a round of responses takes more than this many times the quickest round's time.
BUSY = 2.0
# Requests queue if a round of responses takes more than this many times the quickest response's time.
QUEUING = 3.0


class Concurrency:
    """A limit that is halved when S3 throttles and raised after a round of successes (AIMD, as TCP does).

    A round is as many successes as the limit. Below ``start``, each round raises the limit by a quarter, at
    least by one. From ``start`` on, only a round with quick responses raises it: otherwise more requests at
    once would only wait for each other.

    :param most: the highest value of the limit.
    :param start: the first value of the limit; ``most`` by default.
    :param doubles: for a ``start`` that is not small. Above ``start``, only rounds without queuing raise the
        limit (such as those to a distant server). They double it (TCP's slow start) until S3 throttles or a
        round has queuing.
    """

    def __init__(self, most: int, start: int | None = None, *, doubles: bool = False) -> None:
        self._most = most
        self._start = self._limit = most if start is None else min(most, start)
        self._doubles = self._avoids_queues = doubles
        self._same_burst = 0
        self._round = _Round()
        self._quickest_round: dict[str, float] = {}
        self._quickest: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return self._limit

    def throttled(self) -> None:
        """Record that S3 throttled a request. All requests in flight at that time count as one."""
        with self._lock:
            self._round = _Round()
            self._doubles = False
            if self._same_burst:
                self._same_burst -= 1
                return
            self._same_burst = self._limit - 1
            self._limit = max(1, self._limit // 2)

    def succeeded(self, seconds: float = 0.0, operation: str = "") -> None:
        """Record that S3 accepted a request without throttling.

        :param seconds: how long it took.
        :param operation: S3's operation name; times are compared with those of the same operation.
        """
        with self._lock:
            self._same_burst = max(0, self._same_burst - 1)
            self._quickest[operation] = min(self._quickest.get(operation, seconds), seconds)
            self._round.add(operation, seconds)
            if self._round.successes >= self._limit:
                self._limit = min(self._most, self._raised())
                self._round = _Round()

    def _raised(self) -> int:
        operation, mean = self._round.mean()
        quickest = self._quickest_round.get(operation, mean)
        self._quickest_round[operation] = min(quickest, mean)
        if self._limit < self._start:
            return min(self._start, self._limit + max(1, self._limit // 4))
        is_quick = mean <= BUSY * quickest and not (
            self._avoids_queues and mean > QUEUING * self._quickest[operation]
        )
        self._doubles = self._doubles and is_quick
        return 2 * self._limit if self._doubles else self._limit + is_quick


class _Round:
    """The successes under one value of the limit, and how long they took."""

    def __init__(self) -> None:
        self.successes = 0
        self._counts: dict[str, int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)

    def add(self, operation: str, seconds: float) -> None:
        self.successes += 1
        self._counts[operation] += 1
        self._seconds[operation] += seconds

    def mean(self) -> tuple[str, float]:
        """Return the most frequent operation, and the mean of its seconds."""
        operation = max(self._counts, key=self._counts.__getitem__)
        return operation, self._seconds[operation] / self._counts[operation]
