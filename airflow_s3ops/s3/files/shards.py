"""Divide a source into shards with about the same work, for uploads that run at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.files.find import find_files

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from airflow_s3ops.s3.files.find import FilesSource
    from airflow_s3ops.s3.files.walk import SourceFile

# The cost of a file besides its bytes: about 2,500 requests a second take as long as 160 MiB a second.
COST_OF_A_FILE = 64 << 10


def plan_shards(
    source: FilesSource,
    shards: Any,
    *,
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    stop: threading.Event | None = None,
) -> list[Any]:
    """Divide a source into shards; each shard is a source itself.

    A folder or glob gives ranges of the sorted relative paths, ``{"source": …, "from": …, "to": …}``. The
    first range has no lower limit, the last no upper limit, and each ends where the next begins. So a file
    that appears later also belongs to exactly one shard. A list of files gives lists. Names that are not
    UTF-8, which S3 does not accept as keys, may stay in one shard if no text can be a bound between them;
    then there are fewer shards.

    The work of a file is its size plus 64 KiB. No shard has more work than the average plus the work of the
    largest file. Only the bounds are kept in memory; a folder is walked twice.

    :param source: a folder, a glob, a list of files, or a shard, which is divided further.
    :param shards: the number of shards, at least 1; with fewer files there are as many shards as files.
    :param include: patterns, as for the upload; None means all.
    :param exclude: patterns, as for the upload.
    :param stop: ends the planning within 2 seconds when it is set.
    :return: the shards; an empty list if there are no files.
    :raises InvalidInput: ``shards`` is not a whole number of at least 1.
    :raises Stopped: ``stop`` is set.
    """
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise InvalidInput(f"shards={shards!r} is not a whole number of at least 1")
    is_tree = isinstance(source, (str, os.PathLike, Mapping))
    if not is_tree and isinstance(source, Iterable):  # find_files refuses any other type
        source = list(source)  # because it is read twice

    def files() -> Iterator[SourceFile]:
        return find_files(source, include=include, exclude=exclude, stop=stop)

    count = total = 0
    for file in files():
        count += 1
        total += _work(file)
    if not count:
        return []
    numbered = _numbered(files(), count, total, min(shards, count))
    return _ranges(source, numbered) if is_tree else _lists(numbered)


def _work(file: SourceFile) -> int:
    return file.size + COST_OF_A_FILE


def _numbered(
    files: Iterable[SourceFile], count: int, total: int, shards: int
) -> Iterator[tuple[int, SourceFile]]:
    """Assign a shard number to each file.

    All work is divided into equal ranges, one for each shard; a file's shard is the one whose range contains
    the middle of the file's work. It may be another one if a shard would stay empty. Files that appear
    during the numbering go to the last shard.
    """
    number, done = -1, 0
    for index, file in enumerate(files):
        work = _work(file)
        middle = (2 * done + work) * shards // (2 * total)
        needed = shards - (count - index)  # so that enough files are left for the remaining shards
        number = min(max(middle, needed, number), number + 1, shards - 1)
        done += work
        yield number, file


def _lists(numbered: Iterable[tuple[int, SourceFile]]) -> list[list[str]]:
    lists: list[list[str]] = []
    for number, file in numbered:
        if number == len(lists):
            lists.append([])
        lists[-1].append(str(file.path))
    return lists


def _ranges(source: Any, numbered: Iterable[tuple[int, SourceFile]]) -> list[dict[str, str]]:
    whole = dict(source) if isinstance(source, Mapping) else {"source": source, "from": "", "to": ""}
    whole["source"] = os.fspath(whole["source"])
    bounds: list[str] = []
    before = 0
    last = ""
    for number, file in numbered:
        bound = separator(last, file.relative) if number > before else None
        if bound is not None:
            bounds.append(bound)
            before = number
        last = file.relative
    begins = [whole["from"], *bounds]
    ends = [*bounds, whole["to"]]
    return [{**whole, "from": begin, "to": end} for begin, end in zip(begins, ends, strict=True)]


def separator(low: str, high: str) -> str | None:
    """Return the shortest prefix of ``high`` that sorts after ``low``, in the order of the names' bytes.

    The prefix has whole characters only, because XCom cannot store a part of one. For names that are not
    UTF-8 there may be no such prefix; then None is returned, and the two names stay in one shard.
    """
    common = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    prefixes = (high[:length] for length in range(common + 1, len(high) + 1))
    above = next(text for text in prefixes if os.fsencode(text) > os.fsencode(low))
    return above if _is_text(above) else None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # a byte that is not UTF-8, decoded with surrogateescape
        return False
    return True
