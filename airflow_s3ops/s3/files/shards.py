"""A source cut into shards of about the same work, for as many uploads at the same time."""

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

# What a file costs besides its bytes: some 2,500 requests a second go out where 160 MiB a second do.
COST_OF_A_FILE = 64 << 10


def plan_shards(
    source: FilesSource,
    shards: Any,
    *,
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    stop: threading.Event | None = None,
) -> list[Any]:
    """Return the parts of a source, each of which is a source itself.

    A folder or glob gives ranges of the sorted relative paths, ``{"source": …, "from": …, "to": …}``. The
    first has no beginning and the last no end, and each ends where the next begins: a file that appears later
    belongs to exactly one of them, too. A list gives lists. Names that are no UTF-8, which S3 takes for no
    key, may stay together where a bound between them would have no text, and make fewer shards.

    The work of a file is its size and 64 KiB. No shard has more of it than the average and one file: the
    heaviest. Nothing but the bounds is kept in memory; a folder is walked twice.

    :param source: a folder, a glob, a list of files, or a shard, which is cut further.
    :param shards: how many, at least 1; of fewer files there are as many shards as files.
    :param include: patterns, as for the upload; None takes all.
    :param exclude: patterns, as for the upload.
    :param stop: ends it within 2 seconds when it is set.
    :return: none, if there are no files.
    :raises InvalidInput: ``shards`` is no number from 1 on.
    :raises Stopped: ``stop`` is set.
    """
    if not isinstance(shards, int) or isinstance(shards, bool) or shards < 1:
        raise InvalidInput(f"shards={shards!r} is no whole number from 1 on")
    is_tree = isinstance(source, (str, os.PathLike, Mapping))
    if not is_tree and isinstance(source, Iterable):  # what is neither, find_files refuses
        source = list(source)  # it is read twice

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
    """Give each file its shard: that in whose stretch of all work the file's middle lies.

    As far as that leaves no shard empty. Files that come while they are numbered go to the last.
    """
    number, done = -1, 0
    for index, file in enumerate(files):
        work = _work(file)
        middle = (2 * done + work) * shards // (2 * total)
        needed = shards - (count - index)  # or the files that are left are too few for the shards that are
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
    """Return the shortest beginning of ``high`` that is above ``low``, in the order of the names' bytes.

    Whole letters of it: XCom could not store half a one. Of names that are no UTF-8 there may be no such
    beginning; then None, and the two stay together.
    """
    common = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    beginnings = (high[:length] for length in range(common + 1, len(high) + 1))
    above = next(text for text in beginnings if os.fsencode(text) > os.fsencode(low))
    return above if _is_text(above) else None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # a byte that is no UTF-8, as the system's calls bring it
        return False
    return True
