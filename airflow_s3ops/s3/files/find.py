"""Many files to be sent: a folder, a glob, a list, or a shard of one, in the order that S3 lists keys in."""

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
    """Relative paths from one on and below another, as bytes; an empty end is open."""

    first: bytes = b""
    end: bytes = b""

    def has(self, path: bytes) -> bool:
        """Whether a file's path is in it."""
        return path >= self.first and (not self.end or path < self.end)

    def meets(self, folder: bytes) -> bool:
        """Whether a path in the folder may be in it.

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
    """Yield the files of a source, ordered by the bytes of their relative paths, as S3 orders keys.

    Folders are read one after the other; the names of those on the way down to the current one are held.
    A file that vanishes meanwhile, or a link to a place in the folder where nothing is, is yielded, of size
    0: whoever opens it finds out.

    :param source: a folder, with all folders in it; a glob, where ``**`` stands for any number of folders,
        and paths count from the first folder without a wildcard on; a list of files, where a relative path
        counts as it is and an absolute one by its name; or a shard: ``{"source": folder or glob, "from":
        path, "to": path}`` with those relative paths that are not below the one and below the other, where an
        empty text sets no bound. In a folder, a glob and a shard, links are followed to what is in the folder
        itself, and never out of it: those, also to where nothing is, are left out, and the log names them. A
        file of a list may be a link to anywhere: whoever wrote the list has chosen it.
    :param include: patterns of relative paths; None means all. See :class:`PathPatterns`.
    :param exclude: patterns of what is left out, although it is included.
    :param stop: ends the walk within 2 seconds when it is set, also if no file is found that matches.
    :raises SourceNotFound: there is no such folder.
    :raises SourceUnreadable: a folder may not be read; raised at the end, after all files of the others. The
        source itself may not be looked at; raised at once.
    :raises InvalidInput: no source, no pattern, or two files of a list have one relative path.
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
    if _is_folder(source):  # a folder may well have a wildcard's letter in its name
        root, pattern = source, Pattern("**")
    else:
        root, pattern = _of_glob(source)

    def may_hold(folder: str) -> bool:
        return shard.meets(os.fsencode(f"{folder}/")) and not (excluded and excluded.cover(folder))

    return Tree(root, pattern, may_hold, check).files()


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - Path.is_dir hides some errors, by version
    except ValueError:  # a zero byte, or half a letter
        return False
    except OSError as error:
        if error.errno in _NO_SUCH_PATH:
            return False
        raise SourceUnreadable(
            f"The source {path!r} cannot be looked at: {error.strerror}",
            advice="Let the worker's user search all folders above it, and look at the disk that holds it.",
        ) from error


def _of_glob(source: str) -> tuple[str, Pattern]:
    names = source.split("/")
    at = next((index for index, name in enumerate(names) if MAGIC.search(name)), None)
    if at is None:
        if os.path.exists(source):  # noqa: PTH110 - says no to a path that cannot be
            raise InvalidInput(
                f"The source {source!r} is a file, not a folder",
                advice=f"Use UploadFileOperator, or give a list: [{source!r}].",
            )
        raise SourceNotFound(f"There is no folder {source!r}")
    root = "/".join(names[:at]) or ("/" if at else ".")
    if not _is_folder(root):
        raise SourceNotFound(f"There is no folder {root!r}, where {source!r} begins")
    return root, Pattern("/".join(names[at:]))


def _of_shard(shard: Mapping[str, Any]) -> tuple[Any, Range]:
    names = {"source", "from", "to"}
    texts = [shard.get("from", ""), shard.get("to", "")]
    if set(shard) != names or not all(isinstance(text, str) for text in texts):
        raise InvalidInput(f"The source has {sorted(map(str, shard))}, where a shard has {sorted(names)}")
    if not isinstance(shard["source"], (str, os.PathLike)):
        raise InvalidInput("The source of a shard is neither a folder nor a glob")
    try:
        return shard["source"], Range(*map(os.fsencode, texts))
    except UnicodeEncodeError as error:
        raise InvalidInput(f"The bounds of a shard, {texts!r}, are no beginnings of paths") from error


def _listed(source: Iterable[Any], check: Callable[[], None]) -> Iterator[Found]:
    paths: dict[bytes, str] = {}
    if not isinstance(source, Iterable) or isinstance(source, bytes):
        raise InvalidInput(f"The source is a {type(source).__name__}: no folder, glob or list of files")
    for item in source:
        check()
        path = os.fspath(item) if isinstance(item, os.PathLike) else item
        if not path or not isinstance(path, str) or not _can_be_path(path):
            raise InvalidInput(f"The list of files has {str(item)[:200]!r}, which is no path")
        place = os.fsencode(_place(path))
        if place in paths:
            raise InvalidInput(
                f"{paths[place]!r} and {path!r} would both become {os.fsdecode(place)!r}",
                advice="An absolute path counts by its name alone: give a folder or a glob instead, "
                "or upload the two under different prefixes. Nothing was sent.",
            )
        paths[place] = path
    return (Found(paths[place], os.fsdecode(place)) for place in sorted(paths))


def _can_be_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _place(path: str) -> str:
    plain = os.path.normpath(path)
    is_inside = plain.split("/")[0] not in ("", ".", "..")
    return plain if is_inside else PurePath(plain).name
