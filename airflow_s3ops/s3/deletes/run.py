"""Delete batches in several threads. Memory holds only the batches in flight and the keys that failed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.deletes.batch import BATCH_SIZE, Deleter, Failures
from airflow_s3ops.s3.errors import PartialDelete
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.concurrency import Concurrency
from airflow_s3ops.s3.requests.parallel import run_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from logging import Logger, LoggerAdapter

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.deletes.targets import Target, Targets
    from airflow_s3ops.s3.results import FailedKey

    Log = Logger | LoggerAdapter[Any]

START = 4  # DeleteObjects requests at once, at the beginning
PROGRESS_EVERY = 5.0  # seconds
NAMED_KEYS = 20  # in an error's message


@dataclass
class Deletion:
    """Counts of a running deletion: what was deleted so far, and what failed.

    :param sent: number of keys and versions in the requests so far.
    :param failures: the keys and versions that S3 did not delete.
    :param is_retryable: whether one of the failures may succeed in a retry.
    """

    bucket: str
    log: Log
    clock: Callable[[], float] = time.monotonic
    sent: int = 0
    failures: list[FailedKey] = field(default_factory=list)
    is_retryable: bool = False

    def __post_init__(self) -> None:
        self._logged = self.clock()
        self._lock = threading.Lock()

    @property
    def deleted(self) -> int:
        """Keys and versions that S3 confirmed as deleted."""
        return self.sent - len(self.failures)

    def add(self, sent: int, failures: Failures) -> None:
        """Count a batch, and log the progress every few seconds. Thread-safe."""
        with self._lock:
            self.sent += sent
            self.failures += [*failures.permanent, *failures.transient]
            self.is_retryable = self.is_retryable or bool(failures.transient)
            if self.clock() - self._logged < PROGRESS_EVERY:
                return
            self._logged = self.clock()
            counts = self.deleted, len(self.failures)
        self.log.info("%s: %s deleted, %s failed so far", s3_uri(self.bucket), *counts)

    def require_success(self) -> None:
        """Raise an error unless everything was deleted.

        :raises PartialDelete: its message names the error codes and the first keys; ``failures`` has all.
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
            reason=f"S3's message for the first key: {self.failures[0].message!r}",
        )


def delete_targets(
    client: S3Client, deletion: Deletion, targets: Targets, *, stop: threading.Event | None = None
) -> None:
    """Delete all targets while they are being found, and count them in ``deletion``.

    A batch that fails does not stop the others. Targets are read only as fast as they are deleted. It starts
    with four requests at once, sends more while the server responds quickly, and fewer when it throttles.

    :raises S3OpsError: an error of finding the targets, or one that every batch would have. Requests in
        flight are then waited for (after a cancellation: for 1.2 s) and counted.
    """
    max_requests = deletes_at_once(client, targets)
    concurrency = Concurrency(max_requests, START)
    cancellation = Cancellation(stop, s3_uri(deletion.bucket))
    deleter = Deleter(client, deletion.bucket, cancellation, concurrency)

    def delete_batch(batch: Sequence[Target]) -> None:
        deletion.add(len(batch), deleter.delete(batch))

    try:
        run_parallel(
            _batches(targets),
            delete_batch,
            limit=lambda: concurrency.limit,
            threads=max_requests,
            on_done=lambda _: None,  # each thread counts its batch, so that an error elsewhere loses no count
            cancellation=cancellation,
        )
    except BaseException:
        deletion.log.warning("%s: ended early, after %s deletions", s3_uri(deletion.bucket), deletion.deleted)
        raise


def deletes_at_once(client: S3Client, targets: Targets) -> int:
    """Return the number of delete requests at once: the client's connections, less the lookups."""
    connections: int = client.meta.config.max_pool_connections  # type: ignore[attr-defined]
    return max(1, connections - targets.lookups_at_once)


def _batches(targets: Iterable[Target]) -> Iterator[list[Target]]:
    source = iter(targets)
    while batch := list(islice(source, BATCH_SIZE)):
        yield batch
