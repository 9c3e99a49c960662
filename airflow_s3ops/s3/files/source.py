"""Read a file by position, and detect changes of the file meanwhile."""

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

# Linux sets mtime by a clock that ticks every 1 to 10 ms: a second write in the same tick keeps the mtime.
CLOCK_TICK_NS = 20_000_000
# Clock ticks to wait for the last write before a file is opened; after that, its writer is not done.
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
    """What identifies a file in its current state: it differs for any other file and after any change."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> SourceIdentity:
        """Return the identity from a file's status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def check(self, filename: str) -> None:
        """Check that the file of this name is still the same, and unchanged.

        :raises SourceChanged: it was written to, truncated, replaced, renamed or removed.
        """
        try:
            now = SourceIdentity.of(os.stat(filename))  # noqa: PTH116 - faster, and called for every part
        except OSError as error:
            raise _changed(filename, "the file no longer exists") from error
        if now != self:
            raise _changed(filename, _difference(self, now))


class Source:
    """An open regular file. It is read by position, so that threads can share it without a shared offset.

    :param identity: the file's identity when it was opened.
    """

    def __init__(self, filename: str, fd: int, identity: SourceIdentity) -> None:
        self.filename = filename
        self.identity = identity
        self._fd = fd

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the whole buffer with the bytes from ``offset`` on.

        :raises SourceChanged: the file is too short now.
        :raises SourceUnreadable: the disk or network file system failed to read.
        """
        filled = 0
        while filled < len(buffer):
            count = self._read(buffer[filled:], offset + filled)
            if count == 0:
                raise _changed(self.filename, f"it ends at byte {offset + filled:,}")
            filled += count

    def read_whole(self) -> bytes:
        """Return all bytes, read once; only for a small file.

        :raises SourceChanged: the file is too short now.
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
        """Check that the open file is unchanged, and that its name still refers to it.

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
            advice="Check the disk or network share that holds the file.",
        )


def checked_filename(filename: object) -> str:
    """Return a path as text.

    :raises InvalidInput: it is neither a text nor a path, such as the None of a task that returned nothing.
    """
    path = os.fspath(filename) if isinstance(filename, os.PathLike) else filename
    if not isinstance(path, str):
        raise InvalidInput(
            f"filename={filename!r} is not a path",
            advice="Check what the upstream task returns, or the template it comes from; nothing was sent.",
        )
    return path


@contextmanager
def opened_source(filename: str | os.PathLike[str]) -> Iterator[Source]:
    """Open a regular file for reading by position.

    :raises InvalidInput: ``filename`` is not a path.
    :raises SourceNotFound: there is no such file.
    :raises SourceUnreadable: it is not a regular file, this user is not allowed to read it, or the system
        does not report its size.
    :raises SourceChanged: it is being written to.
    :raises TransientError: this process has no file descriptor left.
    """
    name = checked_filename(filename)
    try:
        # Without O_NONBLOCK, opening a fifo would wait for a writer without a limit.
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise SourceNotFound(f"There is no file {name!r}: {error}") from error
    except OSError as error:
        _raise_open_error(name, error)
    try:
        yield Source(name, fd, _settled_identity(name, fd))
    finally:
        os.close(fd)


def _settled_identity(name: str, fd: int) -> SourceIdentity:
    for _ in range(SETTLES_WITHIN):
        status = os.fstat(fd)
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            raise SourceUnreadable(f"{name!r} is {_KINDS.get(kind, 'something else')}, not a regular file")
        # One tick after the last write, every later write changes mtime.
        if not 0 <= time.time_ns() - status.st_mtime_ns < CLOCK_TICK_NS:
            _require_size(name, fd, status)
            return SourceIdentity.of(status)
        time.sleep(CLOCK_TICK_NS / 1e9)
    raise SourceChanged(f"The file {name!r} is being written to")


def _require_size(name: str, fd: int, status: os.stat_result) -> None:
    """Refuse a file with content but without a size, such as the files in /proc and /sys."""
    if status.st_size:
        return
    try:
        is_empty = not os.pread(fd, 1, 0) or os.fstat(fd).st_size
    except OSError:
        is_empty = False
    if not is_empty:
        raise SourceUnreadable(
            f"The system does not report the size of {name!r}", advice="Copy it to a file on a disk first."
        )


def _raise_open_error(name: str, error: OSError) -> NoReturn:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise SourceNotFound(f"There is no file {name!r}") from error
    if isinstance(error, PermissionError):
        raise SourceUnreadable(
            f"This user (uid {os.geteuid()}) is not allowed to read the file {name!r}"
        ) from error
    if error.errno in (errno.EMFILE, errno.ENFILE):
        raise TransientError(
            f"{name!r} was not opened: {error.strerror}",
            advice="Raise the limit of open files (ulimit -n), or lower max_concurrency.",
        ) from error
    raise SourceUnreadable(f"{name!r} cannot be opened as a file: {error.strerror}") from error


def _changed(name: str, how: str) -> SourceChanged:
    return SourceChanged(f"The file {name!r} changed while it was uploaded: {how}")


def _difference(before: SourceIdentity, now: SourceIdentity) -> str:
    if (before.device, before.inode) != (now.device, now.inode):
        return "another file has its name now"
    if before.size != now.size:
        return f"it had {before.size:,} bytes and has {now.size:,}"
    return "it was written to"
