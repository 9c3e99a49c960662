"""Walk through a folder, file by file, in the order of the bytes of the relative paths."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from airflow_s3ops.s3.errors import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_s3ops.s3.files.patterns import Pattern, Positions

log = logging.getLogger(__name__)

SHOWN_PATHS = 5  # the number of left out paths that the log names


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was found.

    :param path: the path to open it with.
    :param relative: its path relative to the source, always with ``/``.
    :param size: bytes; 0 if the file no longer exists.
    """

    path: str
    relative: str
    size: int
    mtime_ns: int

    def as_read(self, size: int, mtime_ns: int) -> SourceFile:
        """Return the same file with its size and time when it was read."""
        return replace(self, size=size, mtime_ns=mtime_ns)


class Found(NamedTuple):
    """A file's path and relative path, before its status is read."""

    path: str
    relative: str

    def with_stat(self) -> SourceFile:
        """Return the file with its size and modification time."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - for every file
        except OSError:
            return SourceFile(self.path, self.relative, 0, 0)
        return SourceFile(self.path, self.relative, status.st_size, status.st_mtime_ns)


class _Folder(NamedTuple):
    """An open folder of the walk.

    :param relative: its relative path: empty for the root, else with ``/`` at the end.
    :param names: the entries still to visit, in reverse order; a folder's name ends with ``/``.
    :param ids: device and inode of the folder and of all its parents; a link to one of them is a cycle.
    """

    relative: str
    positions: Positions
    names: list[bytes]
    ids: frozenset[tuple[int, int]]


class Tree:
    """A folder and everything in it.

    :param pattern: the pattern of the relative paths to yield.
    :param may_hold: returns whether the folder of a relative path may contain such paths.
    :param check: called at every entry, also at those that do not match; an exception from it ends the walk.
    """

    def __init__(
        self, root: str, pattern: Pattern, may_hold: Callable[[str], bool], check: Callable[[], None]
    ) -> None:
        self._root = f"{root.rstrip('/')}/"
        self._real_root = f"{os.path.realpath(root).rstrip('/')}/"
        self._pattern = pattern
        self._may_hold = may_hold
        self._check = check
        self._unreadable: list[str] = []
        self._left_out = 0

    def files(self) -> Iterator[Found]:
        """Yield the files that match.

        :raises SourceUnreadable: a folder could not be read; raised at the end.
        """
        stack = [self._opened("", self._pattern.start, frozenset())]
        while stack:
            self._check()
            folder = stack[-1]
            if not folder.names:
                stack.pop()
                continue
            name = os.fsdecode(folder.names.pop())
            relative = folder.relative + name
            positions = self._pattern.after(folder.positions, name.rstrip("/"))
            if not name.endswith("/"):
                if self._pattern.is_at_end(positions):
                    yield Found(self._root + relative, relative)
            elif positions and self._may_hold(relative[:-1]):
                stack.append(self._opened(relative, positions, folder.ids))
        self._require_all_read()

    def _opened(self, relative: str, positions: Positions, above: frozenset[tuple[int, int]]) -> _Folder:
        path = self._root + relative
        names: list[bytes] = []
        ids = above
        try:
            with os.scandir(path) as entries:
                status = os.stat(path)  # noqa: PTH116 - the same path as in scandir
                ids = above | {(status.st_dev, status.st_ino)}
                names = [name for entry in entries if (name := self._name(entry, relative, ids))]
        except OSError as error:
            self._unreadable.append(f"{path!r}: {error.strerror}")
        # Folders are sorted with their slash, as keys are: "a.txt" before "a/b", because "." is before "/".
        names.sort(reverse=True)
        return _Folder(relative, positions, names, ids)

    def _name(self, entry: os.DirEntry[str], folder: str, ids: frozenset[tuple[int, int]]) -> bytes | None:
        """Return the name to sort by; None for an entry that is left out, which is logged."""
        self._check()
        is_link = entry.is_symlink()
        if is_link and not self._is_inside(os.path.realpath(entry.path)):
            self._leave_out(folder + entry.name, "is a link out of the folder")
            return None
        try:
            status = entry.stat() if is_link else None
        except OSError:
            return os.fsencode(entry.name)  # a broken link is not left out: opening it fails later
        if entry.is_dir():
            if status and (status.st_dev, status.st_ino) in ids:
                self._leave_out(folder + entry.name, "is a link to a folder that contains it")
                return None
            return os.fsencode(f"{entry.name}/")
        if not entry.is_file():
            self._leave_out(folder + entry.name, "is not a regular file")
            return None
        return os.fsencode(entry.name)

    def _is_inside(self, real: str) -> bool:
        return f"{real}/".startswith(self._real_root)

    def _leave_out(self, relative: str, reason: str) -> None:
        self._left_out += 1
        if self._left_out <= SHOWN_PATHS:
            log.warning("Left out: %r %s", relative, reason)
        elif self._left_out == SHOWN_PATHS + 1:
            log.warning("Left out: more entries of %r; no further log lines name them", self._root)

    def _require_all_read(self) -> None:
        if self._unreadable:
            raise SourceUnreadable(
                f"{len(self._unreadable):,} folders could not be read, the first: {self._unreadable[0]}",
                advice="Allow the worker's user to read them, or leave them out with exclude.",
            )
