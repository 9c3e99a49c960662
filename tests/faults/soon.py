"""Do something shortly after a request has arrived, instead of shortly after the test started."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DELAY = 0.2  # seconds


class Soon:
    """A predicate for a rule that always holds, and calls `act` once, shortly after one of the requests.

    :param act: called in its own thread.
    :param at: the number of the request to wait for, counted from 1.
    """

    def __init__(self, act: Callable[[], object], at: int = 1) -> None:
        self._act = act
        self._at = at
        self._asked = 0
        self._lock = threading.Lock()

    def __call__(self, _: object) -> bool:
        """Count the request, and return True."""
        with self._lock:
            self._asked += 1
            is_time = self._asked == self._at
        if is_time:
            threading.Timer(DELAY, self._act).start()
        return True
