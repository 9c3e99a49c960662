"""How long a cancellation takes, for the tests of all folders."""

from __future__ import annotations

import threading
import time

WITHIN = 2.0
GRACE = 3.0


class StopWatch:
    """An event that records when it was set."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.set_at = 0.0

    def set(self, _: object = None) -> None:
        self.set_at = time.monotonic()
        self.event.set()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.set_at
