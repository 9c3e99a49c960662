"""Many deletions at once: batches in a few threads, with memory for what is under way and for what failed."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.batch import BATCH_SIZE, Failures, delete_batch
from airflow_s3ops.s3.errors import PartialDelete
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.stopping import raise_if_stopped

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from logging import Logger, LoggerAdapter

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.results import FailedKey
    from airflow_s3ops.s3.targets import Target

    Log = Logger | LoggerAdapter[Any]

LANES = 4  # DeleteObjects requests at once
PROGRESS_EVERY = 5.0  # seconds
NAMED_KEYS = 20  # in an error's message


@dataclass
class Removal:
    """What was deleted so far, and what was not.

    :param sent: keys and versions that requests were made for.
    :param failures: those of them that S3 did not delete.
    :param is_retryable: whether one of the failures may succeed later.
    """

    bucket: str
    log: Log
    clock: Callable[[], float] = time.monotonic
    sent: int = 0
    failures: list[FailedKey] = field(default_factory=list)
    is_retryable: bool = False

    def __post_init__(self) -> None:
        self._spoke = self.clock()

    @property
    def deleted(self) -> int:
        """Keys and versions that S3 confirmed as deleted."""
        return self.sent - len(self.failures)

    def add(self, sent: int, failures: Failures) -> None:
        """Count a batch, and say how far things are if that was long ago."""
        self.sent += sent
        self.failures += [*failures.lasting, *failures.passing]
        self.is_retryable = self.is_retryable or bool(failures.passing)
        if self.clock() - self._spoke >= PROGRESS_EVERY:
            self._spoke = self.clock()
            self.log.info(
                "%s: %s deleted, %s failed so far", s3_uri(self.bucket), self.deleted, len(self.failures)
            )

    def require_success(self) -> None:
        """Do nothing if all was deleted.

        :raises PartialDelete: naming the codes, and the first keys; it carries all of them.
        """
        if not self.failures:
            return
        codes = Counter(failed.code for failed in self.failures).most_common()
        named = ", ".join(repr(failed.key) for failed in self.failures[:NAMED_KEYS])
        more = f" and {len(self.failures) - NAMED_KEYS:,} more" if len(self.failures) > NAMED_KEYS else ""
        raise PartialDelete(
            f"{len(self.failures):,} of {self.sent:,} keys were not deleted from {s3_uri(self.bucket)} "
            f"({', '.join(f'{code}: {count:,}' for code, count in codes)}): {named}{more}",
            failures=self.failures,
            deleted=self.deleted,
            retryable=self.is_retryable,
            bucket=self.bucket,
            code=codes[0][0],
            said=f"S3 said of the first: {self.failures[0].message!r}",
        )


def remove(
    client: S3Client,
    removal: Removal,
    targets: Iterable[Target],
    *,
    stop: threading.Event | None = None,
    lanes: int | None = None,
) -> None:
    """Delete all targets, as they come, and count them in ``removal``.

    A batch that fails does not stop the others. Targets are taken only as fast as they are deleted.

    :param lanes: requests at once; by default four.
    :raises S3OpsError: what finding the targets raises, or what no batch would survive; requests that are
        under way by then are waited for and counted.
    """
    lanes = lanes or LANES
    under_way: dict[Future[Failures], int] = {}
    with ThreadPoolExecutor(lanes, thread_name_prefix="s3ops-delete") as pool:
        try:
            for batch in _batches(targets):
                raise_if_stopped(stop, removal.bucket)
                future = pool.submit(delete_batch, client, removal.bucket, batch, stop=stop)
                under_way[future] = len(batch)
                if len(under_way) >= lanes:
                    _count(removal, under_way, wait(under_way, return_when=FIRST_COMPLETED).done)
        except BaseException:
            done = {future for future in wait(under_way).done if not future.exception()}
            _count(removal, under_way, done)
            removal.log.warning(
                "%s: ended early, after %s deletions", s3_uri(removal.bucket), removal.deleted
            )
            raise
        _count(removal, under_way, wait(under_way).done)


def _batches(targets: Iterable[Target]) -> Iterator[list[Target]]:
    source = iter(targets)
    while batch := list(islice(source, BATCH_SIZE)):
        yield batch


def _count(
    removal: Removal, under_way: dict[Future[Failures], int], done: Iterable[Future[Failures]]
) -> None:
    for future in done:
        removal.add(under_way.pop(future), future.result())
