"""Which file goes which way: small ones by the fast road, large ones through the engine, at the same time."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from airflow_s3ops.s3.burst.limits import unsupported_reason
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
# Files found to be large that wait for their turn; then the search waits, and not memory grows.
MOST_WAITING = 1000


@dataclass(frozen=True)
class UploadPaths:
    """The ways that the files of one batch may go.

    :param max_concurrency: requests under way at once, on all of them; None means 8 for parts of large files
        and 64 to 256 for small ones.
    :param checkpoint_for: gives, by its key, the place where a file that is sent in parts is remembered.
    :param stop: ends the sending within 2 seconds when it is set.
    """

    client: S3Client
    args: BatchArgs
    max_concurrency: int | None = None
    checkpoint_for: Callable[[str], Checkpoint | None] | None = None
    stop: threading.Event | None = None

    def send(self, items: Iterator[UploadItem], on_outcome: Callable[[Outcome], object]) -> None:
        """Send the files, and tell what becomes of each, in the calling thread.

        :raises S3OpsError: what no other file would survive.
        """
        reason = "max_concurrency=1 leaves no room" if self.max_concurrency == 1 else None
        reason = reason or unsupported_reason(self.client, self.args.bucket, self.args.extra_args)
        if reason:
            log.info("boto3 sends all files, more slowly than awscrt would: %s", reason)
            for outcome in self._boto3_path(self.max_concurrency).send(items):
                on_outcome(outcome)
        else:
            self._send_by_both(items, on_outcome)

    def _send_by_both(self, items: Iterator[UploadItem], on_outcome: Callable[[Outcome], object]) -> None:
        most = self.max_concurrency or DEFAULT_CONCURRENCY + MOST_AT_ONCE
        large_parts = min(DEFAULT_CONCURRENCY, most // 2)
        boto3_path = self._boto3_path(large_parts)
        fast_path = FastPath(
            self.client, self.args, most_at_once=most - large_parts, memory=MEMORY, stop=self.stop
        )
        large_files = _LargeFiles(boto3_path, on_outcome)
        try:
            sending = cast("Generator[Outcome, None, None]", fast_path.send(large_files.without_large(items)))
            with closing(sending):
                for outcome in sending:
                    on_outcome(outcome)
                    large_files.go_on(0)
            while large_files.is_busy:
                raise_if_cancelled(self.stop, self.args.bucket)
                large_files.go_on(POLL)
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
    """The large files, sent by the engine while the small ones go another way."""

    def __init__(self, boto3_path: Boto3Path, on_outcome: Callable[[Outcome], object]) -> None:
        self._boto3_path = boto3_path
        self._on_outcome = on_outcome
        self._waiting: deque[UploadItem] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a large file is under way or waits."""
        return bool(self._waiting) or self._boto3_path.is_busy

    def without_large(self, items: Iterator[UploadItem]) -> Iterator[UploadItem]:
        """Yield the small files, and keep the large ones."""
        for item in items:
            if item.file.size <= LARGE:
                yield item
                continue
            self._waiting.append(item)
            self.go_on(0)
            while len(self._waiting) >= MOST_WAITING:
                self.go_on(POLL)

    def go_on(self, within: float) -> None:
        """Begin what there is room for, and tell what has ended, or ends within so many seconds."""
        while self._waiting and self._boto3_path.has_room_for(self._waiting[0]):
            self._boto3_path.start(self._waiting.popleft())
        for outcome in self._boto3_path.ended(within) if self._boto3_path.is_busy else ():
            self._on_outcome(outcome)
