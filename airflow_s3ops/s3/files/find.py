"""Find the files to upload: a folder, a glob, a list or a shard, in the order in which S3 lists keys."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_s3ops.s3.errors import InvalidInput, SourceNotFound, SourceUnreadable
from airflow_s3ops.s3.files.patterns import MAGIC, PathPatterns, Pattern
from airflow_s3ops.s3.files.walk import Found, SourceFile, Tree
from airflow_s3ops.s3.requests.cancellation import Cancellation

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

__all__ = ["FilesSource", "SourceFile", "find_files"]

FilesSource: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Mapping[str, Any]"

_NO_SUCH_PATH = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


@dataclass(frozen=True)
class Range:
    """A range of relative paths, as bytes, from ``first`` on and below ``end``; an empty ``end`` is open."""

    first: bytes = b""
    end: bytes = b""

    def has(self, path: bytes) -> bool:
        """Whether a file's path is in the range."""
        return path >= self.first and (not self.end or path < self.end)

    def meets(self, folder: bytes) -> bool:
        """Whether a path in the folder may be in the range.

        :param folder: ends with ``/``.
        """
        if self.end and folder >= self.end:
            return False
        return folder >= self.first or self.first.startswith(folder)


def find_files(
    source: FilesSource,
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[SourceFile]:
    """Yield the files of a source, sorted by the bytes of their relative paths, as S3 sorts keys.

    Folders are read one after the other. Only the entries of the current folder and of its parents are held
    in memory. A file that is deleted meanwhile, and a link inside the folder whose target does not exist, are
    yielded with the size 0: opening them fails later.

    :param source: one of four.
        A folder, with all folders in it.
        A glob, where ``**`` stands for any number of folders; relative paths begin after the last folder
        that comes before the first wildcard.
        A list of files: a relative path is used as it is, an absolute path by its file name.
        A shard, ``{"source": folder or glob, "from": path, "to": path}``: the files whose relative paths are
        equal to or above ``from`` and below ``to``; an empty text means no limit.
        In a folder, a glob and a shard, links to targets inside the folder are followed. Links out of it,
        including broken ones, are left out, and the log names them. A file of a list may be a link to any
        place, because the list names it explicitly.
    :param include: patterns of relative paths; None means all. See :class:`PathPatterns`.
    :param exclude: patterns of files that are left out even if they are included.
    :param stop: ends the walk within 2 seconds when it is set, even if no file matches.
    :raises SourceNotFound: there is no such folder.
    :raises SourceUnreadable: a folder cannot be read: raised at the end, after all other files. The status of
        the source itself cannot be read: raised at once.
    :raises InvalidInput: the source or a pattern is invalid, or two files of a list have the same relative
        path.
    :raises Stopped: ``stop`` is set.
    """
    included, excluded = PathPatterns(include, "include"), PathPatterns(exclude, "exclude")
    check = Cancellation(stop, "the source").check
    shard = Range()
    if isinstance(source, Mapping):
        source, shard = _of_shard(source)
    if isinstance(source, (str, os.PathLike)):
        found = _in_tree(os.fspath(source), shard, excluded, check)
    else:
        found = _listed(source, check)
    for file in found:
        check()
        relative = file.relative
        if not shard.has(os.fsencode(relative)) or excluded.match(relative):
            continue
        if not included or included.match(relative):
            yield file.with_stat()


def _in_tree(source: str, shard: Range, excluded: PathPatterns, check: Callable[[], None]) -> Iterator[Found]:
    if not source:
        raise InvalidInput("The source is empty", advice="Check the template that it comes from.")
    if _is_folder(source):  # first, because a folder's name may contain a wildcard character
        root, pattern = source, Pattern("**")
    else:
        root, pattern = _of_glob(source)

    def may_hold(folder: str) -> bool:
        return shard.meets(os.fsencode(f"{folder}/")) and not (excluded and excluded.cover(folder))

    return Tree(root, pattern, may_hold, check).files()


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - Path.is_dir hides some errors, by version
    except ValueError:  # a zero byte, or an unpaired surrogate
        return False
    except OSError as error:
        if error.errno in _NO_SUCH_PATH:
            return False
        raise SourceUnreadable(
            f"The status of the source {path!r} cannot be read: {error.strerror}",
            advice="Allow the worker's user to enter all folders above it, and check the disk that holds it.",
        ) from error


def _of_glob(source: str) -> tuple[str, Pattern]:
    names = source.split("/")
    at = next((index for index, name in enumerate(names) if MAGIC.search(name)), None)
    if at is None:
        if os.path.exists(source):  # noqa: PTH110 - returns False for an invalid path
            raise InvalidInput(
                f"The source {source!r} is a file, not a folder",
                advice=f"Use UploadFileOperator, or give a list: [{source!r}].",
            )
        raise SourceNotFound(f"There is no folder {source!r}")
    root = "/".join(names[:at]) or ("/" if at else ".")
    if not _is_folder(root):
        raise SourceNotFound(f"There is no folder {root!r}, the first part of {source!r}")
    return root, Pattern("/".join(names[at:]))


def _of_shard(shard: Mapping[str, Any]) -> tuple[Any, Range]:
    names = {"source", "from", "to"}
    texts = [shard.get("from", ""), shard.get("to", "")]
    if set(shard) != names or not all(isinstance(text, str) for text in texts):
        raise InvalidInput(
            f"The source has the fields {sorted(map(str, shard))}; a shard needs {sorted(names)}, with texts "
            "as bounds"
        )
    if not isinstance(shard["source"], (str, os.PathLike)):
        raise InvalidInput("The source of a shard is neither a folder nor a glob")
    try:
        return shard["source"], Range(*map(os.fsencode, texts))
    except UnicodeEncodeError as error:
        raise InvalidInput(f"The bounds of a shard, {texts!r}, are not valid paths") from error


def _listed(source: Iterable[Any], check: Callable[[], None]) -> Iterator[Found]:
    paths: dict[bytes, str] = {}
    if not isinstance(source, Iterable) or isinstance(source, bytes):
        raise InvalidInput(
            f"The source is a {type(source).__name__}, not a folder, a glob or a list of files"
        )
    for item in source:
        check()
        path = os.fspath(item) if isinstance(item, os.PathLike) else item
        if not path or not isinstance(path, str) or not _can_be_path(path):
            raise InvalidInput(f"The list of files has {str(item)[:200]!r}, which is not a path")
        relative = os.fsencode(_relative(path))
        if relative in paths:
            raise InvalidInput(
                f"{paths[relative]!r} and {path!r} would both become {os.fsdecode(relative)!r}",
                advice="For an absolute path only the file name is used: give a folder or a glob instead, "
                "or upload the two under different prefixes. Nothing was sent.",
            )
        paths[relative] = path
    return (Found(paths[relative], os.fsdecode(relative)) for relative in sorted(paths))


def _can_be_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _relative(path: str) -> str:
    plain = os.path.normpath(path)
    is_inside = plain.split("/")[0] not in ("", ".", "..")
    return plain if is_inside else PurePath(plain).name
