"""A file to be read: what it is, that it stays what it is, and its bytes by position."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from airflow_s3ops.s3.errors import (
    InvalidInput,
    SourceChanged,
    SourceNotFound,
    SourceUnreadable,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Linux stamps mtime from a clock that ticks every 1 to 10 ms: a second write within one tick leaves mtime as
# it was.
CLOCK_TICK_NS = 20_000_000
# So many ticks a file may be written to when it is opened; who goes on writing is not done.
SETTLES_WITHIN = 5
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


@dataclass(frozen=True)
class SourceIdentity:
    """What tells a file, as it is now, from any other file and from itself at another time."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> SourceIdentity:
        """Take the identity out of what the system tells."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def check(self, filename: str) -> None:
        """Look whether a name still stands for the file.

        :raises SourceChanged: it was written to, truncated, replaced, renamed or removed.
        """
        try:
            now = SourceIdentity.of(os.stat(filename))  # noqa: PTH116 - fewer steps, on every part
        except OSError as error:
            raise _changed(filename, "its name is gone") from error
        if now != self:
            raise _changed(filename, _difference(self, now))


class Source:
    """An open regular file. Reading is by position, so that threads share it without sharing an offset.

    :param identity: the file's identity at the time it was opened.
    """

    def __init__(self, filename: str, fd: int, identity: SourceIdentity) -> None:
        self.filename = filename
        self.identity = identity
        self._fd = fd

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the whole buffer with the bytes from ``offset`` on.

        :raises SourceChanged: the file has become too short.
        :raises SourceUnreadable: the disk or network file system failed to read.
        """
        filled = 0
        while filled < len(buffer):
            count = self._read(buffer[filled:], offset + filled)
            if count == 0:
                raise _changed(self.filename, f"it ends at byte {offset + filled:,}")
            filled += count

    def read_whole(self) -> bytes:
        """Return all bytes, read once; for a file that is known to be small.

        :raises SourceChanged: the file has become too short.
        :raises SourceUnreadable: the disk or network file system failed to read.
        """
        size = self.identity.size
        data = self._read_at(size, 0)
        while len(data) < size and (more := self._read_at(size - len(data), len(data))):
            data += more
        if len(data) < size:
            raise _changed(self.filename, f"it ends at byte {len(data):,}")
        return data

    def check(self) -> None:
        """Look whether the file, and what its name stands for, is still what was opened.

        :raises SourceChanged: it was written to, truncated, replaced, renamed or removed.
        """
        self.identity.check(self.filename)
        by_handle = SourceIdentity.of(os.fstat(self._fd))
        if by_handle != self.identity:
            raise _changed(self.filename, _difference(self.identity, by_handle))

    def _read(self, buffer: memoryview, offset: int) -> int:
        try:
            return os.preadv(self._fd, [buffer], offset)
        except OSError as error:
            raise self._failed(error, offset) from error

    def _read_at(self, size: int, offset: int) -> bytes:
        try:
            return os.pread(self._fd, size, offset)
        except OSError as error:
            raise self._failed(error, offset) from error

    def _failed(self, error: OSError, offset: int) -> SourceUnreadable:
        return SourceUnreadable(
            f"Reading {self.filename!r} failed at byte {offset:,}: {error.strerror}",
            advice="Look at the disk or network share that holds the file.",
        )


def checked_filename(filename: object) -> str:
    """Return a path as text.

    :raises InvalidInput: neither a text nor a path, such as the None of a task that returned nothing.
    """
    path = os.fspath(filename) if isinstance(filename, os.PathLike) else filename
    if not isinstance(path, str):
        raise InvalidInput(
            f"filename={filename!r} is no path",
            advice="Check what the task before returns, or the template it comes from; nothing was sent.",
        )
    return path


@contextmanager
def opened_source(filename: str | os.PathLike[str]) -> Iterator[Source]:
    """Open a regular file for reading by position.

    :raises InvalidInput: it is no path.
    :raises SourceNotFound: there is no such file.
    :raises SourceUnreadable: no regular file, or one that may not be read, or whose size the system hides.
    :raises SourceChanged: it is being written to.
    :raises TransientError: this process has no file descriptor left.
    """
    name = checked_filename(filename)
    try:
        # Without O_NONBLOCK, opening a fifo waits for a writer, for ever.
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise SourceNotFound(f"There is no file {name!r}: {error}") from error
    except OSError as error:
        _refuse(name, error)
    try:
        yield Source(name, fd, _settled_identity(name, fd))
    finally:
        os.close(fd)


def _settled_identity(name: str, fd: int) -> SourceIdentity:
    for _ in range(SETTLES_WITHIN):
        status = os.fstat(fd)
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            raise SourceUnreadable(f"{name!r} is {_KINDS.get(kind, 'no regular file')}, not a file")
        # From one tick after the last write on, every later write shows in mtime.
        if not 0 <= time.time_ns() - status.st_mtime_ns < CLOCK_TICK_NS:
            _require_size(name, fd, status)
            return SourceIdentity.of(status)
        time.sleep(CLOCK_TICK_NS / 1e9)
    raise SourceChanged(f"The file {name!r} is being written to")


def _require_size(name: str, fd: int, status: os.stat_result) -> None:
    """Refuse what has content but no size, as the files in /proc and /sys do."""
    if status.st_size:
        return
    try:
        is_empty = not os.pread(fd, 1, 0) or os.fstat(fd).st_size
    except OSError:
        is_empty = False
    if not is_empty:
        raise SourceUnreadable(
            f"The system does not tell the size of {name!r}", advice="Copy it to a file on a disk first."
        )


def _refuse(name: str, error: OSError) -> NoReturn:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise SourceNotFound(f"There is no file {name!r}") from error
    if isinstance(error, PermissionError):
        raise SourceUnreadable(
            f"The file {name!r} may not be read by this user (uid {os.geteuid()})"
        ) from error
    if error.errno in (errno.EMFILE, errno.ENFILE):
        raise TransientError(
            f"{name!r} was not opened: {error.strerror}",
            advice="Raise the limit (ulimit -n), or let fewer run at once (max_concurrency).",
        ) from error
    raise SourceUnreadable(f"{name!r} cannot be opened as a file: {error.strerror}") from error


def _changed(name: str, how: str) -> SourceChanged:
    return SourceChanged(f"The file {name!r} changed while it was uploaded: {how}")


def _difference(before: SourceIdentity, now: SourceIdentity) -> str:
    if (before.device, before.inode) != (now.device, now.inode):
        return "another file took its name"
    if before.size != now.size:
        return f"it had {before.size:,} bytes and has {now.size:,}"
    return "it was written to"
