"""Small files take the fast path (awscrt), large files the boto3 path, both at the same time."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from airflow_s3ops.s3.burst.unsupported import unsupported_reason
from airflow_s3ops.s3.requests.cancellation import POLL, raise_if_cancelled
from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY
from airflow_s3ops.s3.uploads.boto3_path import Boto3Path
from airflow_s3ops.s3.uploads.engine.args import most_at_once
from airflow_s3ops.s3.uploads.small_files.fast_path import MEMORY, MOST_AT_ONCE, FastPath

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.uploads.checkpoint import Checkpoint
    from airflow_s3ops.s3.uploads.items import BatchArgs, Outcome, UploadItem

log = logging.getLogger(__name__)

# Measured: docs/design-of-transfers.md.
LARGE = 4 << 20
# The most large files that wait to be uploaded. At this number the walk of the source waits, so that memory
# does not grow.
MOST_WAITING = 1000


@dataclass(frozen=True)
class Dispatcher:
    """Chooses the upload path for each file of one batch.

    :param max_concurrency: the most requests in flight at once, on both paths together; None means 8 for
        parts of large files, and 64 to 256 for small files.
    :param checkpoint_for: is called with a key, and returns the checkpoint of a file that is sent in parts.
    :param stop: cancels the uploads within 2 seconds when it is set.
    """

    client: S3Client
    args: BatchArgs
    max_concurrency: int | None = None
    checkpoint_for: Callable[[str], Checkpoint | None] | None = None
    stop: threading.Event | None = None

    def send(self, items: Iterator[UploadItem], on_outcome: Callable[[Outcome], object]) -> None:
        """Upload the files.

        :param on_outcome: is called with the outcome of each file, in the calling thread.
        :raises S3OpsError: an error that every other file would meet, too.
        """
        reason = "max_concurrency=1 allows one request at a time" if self.max_concurrency == 1 else None
        reason = reason or unsupported_reason(self.client, self.args.bucket, self.args.extra_args)
        if reason:
            log.info("boto3 uploads all files, which is slower than awscrt: %s", reason)
            for outcome in self._boto3_path(self.max_concurrency).send(items):
                on_outcome(outcome)
        else:
            self._send_on_both(items, on_outcome)

    def _send_on_both(self, items: Iterator[UploadItem], on_outcome: Callable[[Outcome], object]) -> None:
        most = self.max_concurrency or DEFAULT_CONCURRENCY + MOST_AT_ONCE
        large_parts = min(DEFAULT_CONCURRENCY, most // 2)
        boto3_path = self._boto3_path(large_parts)
        fast_path = FastPath(
            self.client, self.args, most_at_once=most - large_parts, memory=MEMORY, stop=self.stop
        )
        large_files = _LargeFiles(boto3_path, on_outcome)
        try:
            outcomes = cast(
                "Generator[Outcome, None, None]", fast_path.send(large_files.without_large(items))
            )
            with closing(outcomes):
                for outcome in outcomes:
                    on_outcome(outcome)
                    large_files.advance(0)
            while large_files.is_busy:
                raise_if_cancelled(self.stop, self.args.bucket)
                large_files.advance(POLL)
        finally:
            boto3_path.close()

    def _boto3_path(self, most: int | None) -> Boto3Path:
        parts_at_once = most_at_once(self.client, most)
        return Boto3Path(
            self.client,
            self.args,
            parts_at_once=parts_at_once,
            checkpoint_for=self.checkpoint_for,
            stop=self.stop,
        )


class _LargeFiles:
    """The large files: they take the boto3 path while the small files take the fast path."""

    def __init__(self, boto3_path: Boto3Path, on_outcome: Callable[[Outcome], object]) -> None:
        self._boto3_path = boto3_path
        self._on_outcome = on_outcome
        self._waiting: deque[UploadItem] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a large file is in flight or waits."""
        return bool(self._waiting) or self._boto3_path.is_busy

    def without_large(self, items: Iterator[UploadItem]) -> Iterator[UploadItem]:
        """Yield the small files, and put the large ones in the queue."""
        for item in items:
            if item.file.size <= LARGE:
                yield item
                continue
            self._waiting.append(item)
            self.advance(0)
            while len(self._waiting) >= MOST_WAITING:
                self.advance(POLL)

    def advance(self, within: float) -> None:
        """Start the files for which there is room, and report those that have finished.

        :param within: seconds to wait for a file to finish.
        """
        while self._waiting and self._boto3_path.has_room_for(self._waiting[0]):
            self._boto3_path.start(self._waiting.popleft())
        for outcome in self._boto3_path.finished(within) if self._boto3_path.is_busy else ():
            self._on_outcome(outcome)
