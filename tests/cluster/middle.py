"""Stall an upload in its middle, on a machine of any speed: the requests for one object get no response."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults import Request


class Middle:
    """A predicate for one object whose requests are stalled: the task that sends it runs until it is killed.

    :param prefix: only keys with this prefix count.
    :param before: the number of requests that pass first.
    """

    def __init__(self, prefix: str, before: int) -> None:
        self.path = ""
        self.is_over = False
        self._prefix = prefix
        self._before = before

    def __call__(self, request: Request) -> bool:
        """Return whether a request is about the chosen object; the first one after `before` chooses it."""
        if self.path or f"/{self._prefix}" not in request.path:
            return request.path == self.path and not self.is_over
        self._before -= 1
        if self._before >= 0:
            return False
        self.path = request.path
        return True

    def is_reached(self) -> bool:
        """Return whether the object has been chosen."""
        return bool(self.path)
