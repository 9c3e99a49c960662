"""Something that happens a moment after a request has come, and not a moment after the test began."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT = 0.2


class Soon:
    """A predicate for a rule: it always holds. When it is asked, something happens a moment later, once.

    :param act: what happens, in a thread of its own.
    :param at: which of the rule's requests it waits for, from 1 on.
    """

    def __init__(self, act: Callable[[], object], at: int = 1) -> None:
        self._act = act
        self._at = at
        self._asked = 0
        self._lock = threading.Lock()

    def __call__(self, _: object) -> bool:
        """Hold, and count."""
        with self._lock:
            self._asked += 1
            is_time = self._asked == self._at
        if is_time:
            threading.Timer(MOMENT, self._act).start()
        return True
