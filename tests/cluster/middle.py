"""The middle of an upload, whatever the machine's speed: an object whose requests get no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults import Request


class Middle:
    """A predicate for one object, whose requests are to be stalled: who sends it is at work until killed.

    :param prefix: of the keys that count.
    :param before: how many requests pass first.
    """

    def __init__(self, prefix: str, before: int) -> None:
        self.path = ""
        self.is_over = False
        self._prefix = prefix
        self._before = before

    def __call__(self, request: Request) -> bool:
        """Whether it is about this object."""
        if self.path or f"/{self._prefix}" not in request.path:
            return request.path == self.path and not self.is_over
        self._before -= 1
        if self._before >= 0:
            return False
        self.path = request.path
        return True

    def is_reached(self) -> bool:
        """Whether it has been sent."""
        return bool(self.path)
