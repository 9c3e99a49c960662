"""Find duplicate keys among more keys than fit into memory."""

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
    """Keys and the manifest of each, on disk; memory stays within 16 MiB and a batch. A context manager.

    SQLite's private database has no name in the file system, so it never remains on disk.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for pragma in (f"cache_size = -{CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")  # one for all: the data is not needed after the connection is closed
        self._first_numbers: list[tuple[int, str]] = []  # the number of its first key, and the manifest
        self._batch: list[tuple[str, int]] = []
        self._count = 0

    def add(self, key: str, manifest: str) -> None:
        """Add a key.

        :param manifest: the manifest that contains it, for the error message.
        :raises InvalidManifest: the batch is full now, and one of its keys was added before.
        """
        if not self._first_numbers or self._first_numbers[-1][1] != manifest:
            self._first_numbers.append((self._count, manifest))
        self._batch.append((key, self._count))
        self._count += 1
        if len(self._batch) == BATCH:
            self.require_unique()

    def require_unique(self) -> None:
        """Compare the keys of the current batch with all earlier keys.

        :raises InvalidManifest: naming the key that was added before, and both manifests.
        """
        before = self._database.total_changes
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", self._batch)
        if self._database.total_changes - before < len(self._batch):
            self._raise_for_first_duplicate()
        self._batch.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()

    def _raise_for_first_duplicate(self) -> None:
        for key, number in self._batch:
            ((first,),) = self._database.execute("SELECT number FROM seen WHERE key = ?", (key,))
            if first != number:
                raise InvalidManifest(
                    f"The key {key!r} is listed twice: in {self._manifest_of(first)} "
                    f"and in {self._manifest_of(number)}",
                    key=key,
                    advice="Upload each file only once: two shards, or two sources, contain it. "
                    "Nothing was joined.",
                )

    def _manifest_of(self, number: int) -> str:
        return next(
            manifest for first_number, manifest in reversed(self._first_numbers) if first_number <= number
        )
