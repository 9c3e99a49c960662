"""Match requests: for a rule, or for a search in the recorded requests."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.messages import Request

GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Matcher:
    """Conditions that must all hold; a condition that is None always holds.

    :param method: the HTTP method.
    :param path: a glob for the whole decoded path if it has one of `*?[`, else a part of the path.
    :param query: parameters that the query must have, with their exact values: `partNumber=2` does not match
        `partNumber=20`; `uploadId` matches any value.
    :param header: a header that the request must have, or a pair of a header and its exact value.
    :param predicate: any other condition.
    """

    method: str | None = None
    path: str | None = None
    query: str | None = None
    header: str | tuple[str, str] | None = None
    predicate: Callable[[Request], bool] | None = None

    def matches(self, request: Request) -> bool:
        """Whether all conditions hold."""
        return (
            self.method in (None, request.method)
            and self._path_matches(request.path)
            and self._query_matches(request)
            and self._header_matches(request)
            and (self.predicate is None or self.predicate(request))
        )

    def _path_matches(self, path: str) -> bool:
        if self.path is None:
            return True
        if GLOB.isdisjoint(self.path):
            return self.path in path
        return fnmatchcase(path, self.path)

    def _query_matches(self, request: Request) -> bool:
        there = request.parameters
        for condition in (self.query or "").split("&"):
            ((name, value),) = parse_qsl(condition, keep_blank_values=True) or [("", "")]
            if name and (name not in there or ("=" in condition and there[name] != value)):
                return False
        return True

    def _header_matches(self, request: Request) -> bool:
        if self.header is None:
            return True
        if isinstance(self.header, str):
            return self.header.lower() in request.headers
        name, value = self.header
        return request.headers.get(name.lower()) == value
