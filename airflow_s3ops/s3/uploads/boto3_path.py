"""The boto3 path: large files, and all files where the fast path (awscrt) cannot be used."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.batch_errors import FATAL, GIVE_UP_AFTER, UNREACHABLE
from airflow_s3ops.s3.requests.cancellation import POLL, EitherEvent, raise_if_cancelled
from airflow_s3ops.s3.requests.concurrency import Concurrency
from airflow_s3ops.s3.requests.parallel import JOIN_WITHIN, close_pool
from airflow_s3ops.s3.requests.threads import Threads
from airflow_s3ops.s3.uploads.engine.plan import DEFAULT_PART_SIZE
from airflow_s3ops.s3.uploads.file import upload_file
from airflow_s3ops.s3.uploads.items import Failed, Uploaded, UploadItem

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.files.source import SourceIdentity
    from airflow_s3ops.s3.uploads.checkpoint import Checkpoint
    from airflow_s3ops.s3.uploads.items import BatchArgs, Outcome


class Boto3Path:
    """Upload files in threads, each with ``upload_file``, with one limit for all of them.

    A file takes as many places under the limit as it has parts. So no more parts are in flight, and in
    memory, than when one large file is uploaded alone.

    :param parts_at_once: the most parts in flight at once; no more than the client has connections.
    :param checkpoint_for: is called with a key, and returns the checkpoint of a file that is sent in parts.
    :param stop: cancels the uploads within 2 seconds when it is set.
    """

    def __init__(
        self,
        client: S3Client,
        batch: BatchArgs,
        *,
        parts_at_once: int,
        checkpoint_for: Callable[[str], Checkpoint | None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._client = client
        self._batch = batch
        self._parts_at_once = parts_at_once
        self._limit = Concurrency(parts_at_once)
        self._checkpoint_for = checkpoint_for
        self._stop = stop
        self._cancelled = EitherEvent(stop)
        self._pool = Threads(parts_at_once, "s3ops-file")
        self._running: dict[Future[Outcome], int] = {}
        self._failed_in_a_row = 0

    @property
    def is_busy(self) -> bool:
        """Whether a file is in flight."""
        return bool(self._running)

    def send(self, items: Iterator[UploadItem]) -> Iterator[Outcome]:
        """Upload the files, and yield one outcome for each; see :class:`UploadPath`."""
        try:
            item = next(items, None)
            while item or self.is_busy:
                while item and self.has_room_for(item):
                    self.start(item)
                    item = next(items, None)
                yield from self.finished(POLL)
        finally:
            self.close()

    def has_room_for(self, item: UploadItem) -> bool:
        """Whether the file can be started now. If nothing is in flight, any file can."""
        taken = sum(self._running.values())
        return not taken or taken + self._weight(item) <= self._limit.limit

    def start(self, item: UploadItem) -> None:
        """Start to upload a file."""
        weight = self._weight(item)
        self._running[self._pool.submit(self._upload, item, weight)] = weight

    def finished(self, within: float) -> Iterator[Outcome]:
        """Yield the outcomes of the files that have finished, or that finish soon.

        :param within: seconds to wait for the first one.
        :raises S3OpsError: an error that every other file would meet, too.
        """
        raise_if_cancelled(self._stop, self._batch.bucket)
        for future in wait(self._running, within, FIRST_COMPLETED).done:
            del self._running[future]
            outcome = future.result()
            self._adapt_to(outcome)
            yield outcome

    def close(self) -> None:
        """End the uploads in flight and the threads, except a thread that hangs in a dead connection."""
        self._cancelled.set()
        close_pool(self._pool, self._running, JOIN_WITHIN)

    def _adapt_to(self, outcome: Outcome) -> None:
        if isinstance(outcome, Uploaded):
            self._failed_in_a_row = 0
            self._limit.succeeded()
            return
        if isinstance(outcome.error, errors.Throttled):
            self._limit.throttled()
        self._failed_in_a_row = self._failed_in_a_row + 1 if isinstance(outcome.error, UNREACHABLE) else 0
        if self._failed_in_a_row >= GIVE_UP_AFTER:
            raise outcome.error

    def _weight(self, item: UploadItem) -> int:
        return max(1, min(self._parts_at_once, -(-item.file.size // DEFAULT_PART_SIZE)))

    def _upload(self, item: UploadItem, parts_at_once: int) -> Outcome:
        read: list[SourceIdentity] = []
        try:
            result = upload_file(
                self._client,
                item.file.path,
                self._batch.bucket,
                item.key,
                extra_args=self._batch.extra_args,
                if_exists=self._batch.if_exists,
                checksum_algorithm=self._batch.algorithm.name,
                max_concurrency=parts_at_once,
                checkpoint=self._checkpoint(item),
                stop=self._cancelled,
                opened=read.append,
            )
        except FATAL:
            raise
        except errors.S3OpsError as error:
            return Failed(item, error)
        (identity,) = read
        item = UploadItem(item.file.as_read(identity.size, identity.mtime_ns), item.key)
        return Uploaded(item, result.status, result.size, result.etag, result.version_id, result.checksum)

    def _checkpoint(self, item: UploadItem) -> Checkpoint | None:
        # Only an upload in parts can be resumed, and reading the checkpoint may cost a request.
        if self._checkpoint_for is None or item.file.size <= DEFAULT_PART_SIZE:
            return None
        return self._checkpoint_for(item.key)
