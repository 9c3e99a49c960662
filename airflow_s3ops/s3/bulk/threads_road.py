"""The road for large files, and for all where no faster one serves: the transfer engine, file by file."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, TypeAlias

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.bulk.outgoing import AWAY, FATAL, GIVEN_UP, Delivered, Outgoing, Undelivered
from airflow_s3ops.s3.engine.plan import DEFAULT_PART_SIZE
from airflow_s3ops.s3.halt import POLL, EitherStop, raise_if_stopped
from airflow_s3ops.s3.parallel import JOIN_WITHIN, end
from airflow_s3ops.s3.requests.concurrency import Concurrency
from airflow_s3ops.s3.threads import Threads
from airflow_s3ops.s3.upload import upload_file

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.outgoing import BatchArgs
    from airflow_s3ops.s3.checkpoint import Checkpoint
    from airflow_s3ops.s3.source import SourceIdentity

Outcome: TypeAlias = "Delivered | Undelivered"


class ThreadsRoad:
    """Files in threads, each by ``upload_file``, all of them under one bound.

    A file takes as many lanes as it has parts, so that no more parts are under way, and in memory, than when
    one large file is sent alone.

    :param lanes: parts under way at once; no more than the client has connections.
    :param checkpoint_for: gives the place where a file that is sent in parts is remembered, by its key.
    :param stop: ends it within 2 seconds.
    """

    def __init__(
        self,
        client: S3Client,
        batch: BatchArgs,
        *,
        lanes: int,
        checkpoint_for: Callable[[str], Checkpoint | None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._client = client
        self._batch = batch
        self._lanes = lanes
        self._limit = Concurrency(lanes)
        self._checkpoint_for = checkpoint_for
        self._stop = stop
        self._ended = EitherStop(stop)
        self._pool = Threads(lanes, "s3ops-file")
        self._running: dict[Future[Outcome], int] = {}
        self._given_up = 0

    @property
    def is_busy(self) -> bool:
        """Whether a file is under way."""
        return bool(self._running)

    def send(self, outgoing: Iterator[Outgoing]) -> Iterator[Outcome]:
        """Send the files, and yield one outcome for each; see :class:`Road`."""
        try:
            item = next(outgoing, None)
            while item or self.is_busy:
                while item and self.has_room_for(item):
                    self.start(item)
                    item = next(outgoing, None)
                yield from self.ended(POLL)
        finally:
            self.close()

    def has_room_for(self, item: Outgoing) -> bool:
        """Whether the file can be started now; one always can if nothing is under way."""
        taken = sum(self._running.values())
        return not taken or taken + self._weight(item) <= self._limit.limit

    def start(self, item: Outgoing) -> None:
        """Begin to send a file."""
        weight = self._weight(item)
        self._running[self._pool.submit(self._sent, item, weight)] = weight

    def ended(self, within: float) -> Iterator[Outcome]:
        """Yield the outcomes of files that have ended, or end within so many seconds.

        :raises S3OpsError: what no other file would survive.
        """
        raise_if_stopped(self._stop, self._batch.bucket)
        for future in wait(self._running, within, FIRST_COMPLETED).done:
            del self._running[future]
            outcome = future.result()
            self._learn_from(outcome)
            yield outcome

    def close(self) -> None:
        """End what is under way, and the threads. One that a dead connection holds is not waited for."""
        self._ended.set()
        end(self._pool, self._running, JOIN_WITHIN)

    def _learn_from(self, outcome: Outcome) -> None:
        if isinstance(outcome, Delivered):
            self._given_up = 0
            self._limit.succeeded()
            return
        if isinstance(outcome.error, errors.Throttled):
            self._limit.throttled()
        self._given_up = self._given_up + 1 if isinstance(outcome.error, AWAY) else 0
        if self._given_up >= GIVEN_UP:
            raise outcome.error

    def _weight(self, item: Outgoing) -> int:
        return max(1, min(self._lanes, -(-item.file.size // DEFAULT_PART_SIZE)))

    def _sent(self, item: Outgoing, lanes: int) -> Outcome:
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
                max_concurrency=lanes,
                checkpoint=self._checkpoint(item),
                stop=self._ended,
                opened=read.append,
            )
        except FATAL:
            raise
        except errors.S3OpsError as error:
            return Undelivered(item, error)
        (identity,) = read
        outgoing = Outgoing(item.file.as_read(identity.size, identity.mtime_ns), item.key)
        return Delivered(
            outgoing, result.status, result.size, result.etag, result.version_id, result.checksum
        )

    def _checkpoint(self, item: Outgoing) -> Checkpoint | None:
        # Only what is sent in parts can be resumed, and asking the place may cost a request.
        if self._checkpoint_for is None or item.file.size <= DEFAULT_PART_SIZE:
            return None
        return self._checkpoint_for(item.key)
