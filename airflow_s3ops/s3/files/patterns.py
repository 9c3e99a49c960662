"""Patterns of relative paths: ``*``, ``?`` and ``[…]`` within a name, ``**`` for any number of folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import TYPE_CHECKING, TypeAlias

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = re.compile(r"[*?\[]")
ANY_FOLDERS = "**"

# The possible positions in a pattern after some names: the indexes of the steps that may match next.
Positions: TypeAlias = frozenset[int]


class Pattern:
    """One pattern, matched name by name, so that a folder in which nothing can match is not opened.

    The match is case-sensitive, and a leading dot is an ordinary character, as in Python's own ``Path.glob``.

    :param text: the pattern, with ``/`` between the names.
    """

    def __init__(self, text: str) -> None:
        names = [name for name in text.split("/") if name not in ("", ".")]
        if not names or ".." in names:
            raise InvalidInput(f"{text!r} is not a pattern of paths inside a folder")
        self._is_open = names[-1] == ANY_FOLDERS
        if self._is_open:
            names.append("*")  # a final ** matches any file in those folders
        self._steps = [None if name == ANY_FOLDERS else re.compile(translate(name)) for name in names]
        self.start = self._with_skips({0})

    def after(self, positions: Positions, name: str) -> Positions:
        """Return the possible positions after one more name."""
        reached = set()
        for position in positions:
            if position == len(self._steps):
                continue
            step = self._steps[position]
            if step is None:
                reached.add(position)
            elif step.match(name):
                reached.add(position + 1)
        return self._with_skips(reached)

    def is_at_end(self, positions: Positions) -> bool:
        """Whether the names so far match."""
        return len(self._steps) in positions

    def covers(self, positions: Positions) -> bool:
        """Whether every path that continues these names matches."""
        return self._is_open and len(self._steps) - 2 in positions

    def _with_skips(self, positions: set[int]) -> Positions:
        for position in sorted(positions):
            at = position
            while at < len(self._steps) and self._steps[at] is None:
                at += 1
                positions.add(at)
        return frozenset(positions)


class PathPatterns:
    """Several patterns; a path matches if one of them matches.

    :param patterns: each matches the whole relative path. A pattern without ``/`` matches the file's name in
        any folder. A pattern that ends with ``/`` matches everything in that folder. A single text is one
        pattern.
    :param name: the name of the parameter, for the error message.
    :raises InvalidInput: one of them is not a pattern, or they are not a list.
    """

    def __init__(self, patterns: str | Iterable[str] | None, name: str) -> None:
        if patterns is not None and (isinstance(patterns, Mapping) or not isinstance(patterns, Iterable)):
            raise InvalidInput(f"{name}={patterns!r} is neither a pattern nor a list of patterns")
        texts = [patterns] if isinstance(patterns, str) else list(patterns or ())
        wrong = [text for text in texts if not isinstance(text, str) or not text.strip("/")]
        if wrong:
            raise InvalidInput(f"{name} has {wrong[0]!r}, which is not a pattern")
        self._patterns = [Pattern(_in_full(text)) for text in texts]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._patterns)

    def match(self, relative: str) -> bool:
        """Whether one of them matches a relative path."""
        names = relative.split("/")
        return any(pattern.is_at_end(_along(pattern, names)) for pattern in self._patterns)

    def cover(self, folder: str) -> bool:
        """Whether one of them matches every path in a folder."""
        names = folder.split("/")
        return any(pattern.covers(_along(pattern, names)) for pattern in self._patterns)


def _along(pattern: Pattern, names: Sequence[str]) -> Positions:
    positions = pattern.start
    for name in names:
        positions = pattern.after(positions, name)
        if not positions:
            break
    return positions


def _in_full(text: str) -> str:
    if text.endswith("/"):
        return f"{text}{ANY_FOLDERS}"
    return text if "/" in text else f"{ANY_FOLDERS}/{text}"
