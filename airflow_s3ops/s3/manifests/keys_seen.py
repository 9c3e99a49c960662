"""Whether a key comes a second time, among more keys than memory should hold."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import InvalidManifest

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

CACHE_KIB = 16 * 1024
BATCH = 1000


class KeysSeen:
    """Keys, each with where it was seen, on disk; memory stays within 16 MiB and a batch. A context manager.

    SQLite's private database has no name in the file system, so nothing of it stays, whatever happens.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for pragma in (f"cache_size = -{CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")  # one for all: nothing here outlives the connection
        self._begins: list[tuple[int, str]] = []  # from which number on keys come from which place
        self._batch: list[tuple[str, int]] = []
        self._count = 0

    def add(self, key: str, place: str) -> None:
        """Take a key.

        :param place: where it was seen, for the error.
        :raises InvalidManifest: a key of the batch that is full now was seen before.
        """
        if not self._begins or self._begins[-1][1] != place:
            self._begins.append((self._count, place))
        self._batch.append((key, self._count))
        self._count += 1
        if len(self._batch) == BATCH:
            self.require_each_once()

    def require_each_once(self) -> None:
        """Compare what waits for it.

        :raises InvalidManifest: naming the key that was seen before, and both places.
        """
        before = self._database.total_changes
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", self._batch)
        if self._database.total_changes - before < len(self._batch):
            self._name_the_first()
        self._batch.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()

    def _name_the_first(self) -> None:
        for key, number in self._batch:
            ((first,),) = self._database.execute("SELECT number FROM seen WHERE key = ?", (key,))
            if first != number:
                raise InvalidManifest(
                    f"The key {key!r} is listed twice: in {self._place(first)} and in {self._place(number)}",
                    key=key,
                    advice="Upload each file once: two shards, or two sources, have it. Nothing was joined.",
                )

    def _place(self, number: int) -> str:
        return next(place for begin, place in reversed(self._begins) if begin <= number)
