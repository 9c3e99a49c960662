"""A folder walked through, file by file, in the order of the relative paths' bytes."""

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

SHOWN_PATHS = 5  # of those left out


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was found.

    :param path: as the system knows it.
    :param relative: its place in the source, always with ``/``.
    :param size: bytes; 0 if it is gone already.
    """

    path: str
    relative: str
    size: int
    mtime_ns: int

    def as_read(self, size: int, mtime_ns: int) -> SourceFile:
        """Return the same file with what was true when it was read."""
        return replace(self, size=size, mtime_ns=mtime_ns)


class Found(NamedTuple):
    """A file's path and its place in the source, before anybody looked at it."""

    path: str
    relative: str

    def with_stat(self) -> SourceFile:
        """Return the file with its size and time."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - for every file
        except OSError:
            return SourceFile(self.path, self.relative, 0, 0)
        return SourceFile(self.path, self.relative, status.st_size, status.st_mtime_ns)


class _Folder(NamedTuple):
    """A folder on the way down.

    :param relative: empty for the root; else it ends with ``/``.
    :param names: what is still to come, last first; a folder's name ends with ``/``.
    :param ids: device and inode of the folder and of all above it, which a link must not lead back to.
    """

    relative: str
    positions: Positions
    names: list[bytes]
    ids: frozenset[tuple[int, int]]


class Tree:
    """A folder with all that is in it.

    :param pattern: of the relative paths that are wanted.
    :param may_hold: whether a folder, by its relative path, may hold any of them.
    :param check: called at every entry, wanted or not; what it raises ends the walk.
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
                status = os.stat(path)  # noqa: PTH116 - its entries are read by it
                ids = above | {(status.st_dev, status.st_ino)}
                names = [name for entry in entries if (name := self._name(entry, relative, ids))]
        except OSError as error:
            self._unreadable.append(f"{path!r}: {error.strerror}")
        # With its slash, as in the keys: "a.txt" comes before "a/b", because "." comes before "/".
        names.sort(reverse=True)
        return _Folder(relative, positions, names, ids)

    def _name(self, entry: os.DirEntry[str], folder: str, ids: frozenset[tuple[int, int]]) -> bytes | None:
        """Return the name to sort by; None for what is left out, and said to be."""
        self._check()
        is_link = entry.is_symlink()
        if is_link and not self._is_inside(os.path.realpath(entry.path)):
            self._leave_out(folder + entry.name, "is a link out of the folder")
            return None
        try:
            status = entry.stat() if is_link else None
        except OSError:
            return os.fsencode(entry.name)  # a link to nowhere: no file, and not nothing
        if entry.is_dir():
            if status and (status.st_dev, status.st_ino) in ids:
                self._leave_out(folder + entry.name, "is a link to a folder that it is in")
                return None
            return os.fsencode(f"{entry.name}/")
        if not entry.is_file():
            self._leave_out(folder + entry.name, "is no regular file")
            return None
        return os.fsencode(entry.name)

    def _is_inside(self, real: str) -> bool:
        return f"{real}/".startswith(self._real_root)

    def _leave_out(self, relative: str, why: str) -> None:
        self._left_out += 1
        if self._left_out <= SHOWN_PATHS:
            log.warning("Left out: %r %s", relative, why)
        elif self._left_out == SHOWN_PATHS + 1:
            log.warning("Left out: more of that kind in %r", self._root)

    def _require_all_read(self) -> None:
        if self._unreadable:
            raise SourceUnreadable(
                f"{len(self._unreadable):,} folders could not be read, the first: {self._unreadable[0]}",
                advice="Let the worker's user read them, or name them in exclude.",
            )
