"""Which file goes which way: small ones by the fast road, large ones through the engine, at the same time."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from airflow_s3ops.s3.bulk.threads_road import ThreadsRoad
from airflow_s3ops.s3.burst import MEMORY, MOST_AT_ONCE, Burst, why_not
from airflow_s3ops.s3.engine.upload_args import most_at_once
from airflow_s3ops.s3.halt import POLL, raise_if_stopped
from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.outgoing import BatchArgs, Outgoing
    from airflow_s3ops.s3.bulk.threads_road import Outcome
    from airflow_s3ops.s3.checkpoint import Checkpoint

log = logging.getLogger(__name__)

# Measured: docs/design-of-transfers.md.
LARGE = 4 << 20
# Files found to be large that wait for their turn; then the search waits, and not memory grows.
MOST_WAITING = 1000


@dataclass(frozen=True)
class Roads:
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

    def send(self, outgoing: Iterator[Outgoing], on_outcome: Callable[[Outcome], object]) -> None:
        """Send the files, and tell what becomes of each, in the calling thread.

        :raises S3OpsError: what no other file would survive.
        """
        reason = "max_concurrency=1 leaves no room" if self.max_concurrency == 1 else None
        reason = reason or why_not(self.client, self.args)
        if reason:
            log.info("boto3 sends all files, more slowly than awscrt would: %s", reason)
            for outcome in self._engine(self.max_concurrency).send(outgoing):
                on_outcome(outcome)
        else:
            self._send_by_both(outgoing, on_outcome)

    def _send_by_both(self, outgoing: Iterator[Outgoing], on_outcome: Callable[[Outcome], object]) -> None:
        most = self.max_concurrency or DEFAULT_CONCURRENCY + MOST_AT_ONCE
        lanes = min(DEFAULT_CONCURRENCY, most // 2)
        engine = self._engine(lanes)
        burst = Burst(self.client, self.args, most_at_once=most - lanes, memory=MEMORY, stop=self.stop)
        beside = _Beside(engine, on_outcome)
        try:
            sending = cast("Generator[Outcome, None, None]", burst.send(beside.without_large(outgoing)))
            with closing(sending):
                for outcome in sending:
                    on_outcome(outcome)
                    beside.go_on(0)
            while beside.is_busy:
                raise_if_stopped(self.stop, self.args.bucket)
                beside.go_on(POLL)
        finally:
            engine.close()

    def _engine(self, most: int | None) -> ThreadsRoad:
        lanes = most_at_once(self.client, most)
        return ThreadsRoad(
            self.client, self.args, lanes=lanes, checkpoint_for=self.checkpoint_for, stop=self.stop
        )


class _Beside:
    """The large files, sent by the engine while the small ones go another way."""

    def __init__(self, engine: ThreadsRoad, on_outcome: Callable[[Outcome], object]) -> None:
        self._engine = engine
        self._on_outcome = on_outcome
        self._waiting: deque[Outgoing] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a large file is under way or waits."""
        return bool(self._waiting) or self._engine.is_busy

    def without_large(self, outgoing: Iterator[Outgoing]) -> Iterator[Outgoing]:
        """Yield the small files, and keep the large ones."""
        for item in outgoing:
            if item.file.size <= LARGE:
                yield item
                continue
            self._waiting.append(item)
            self.go_on(0)
            while len(self._waiting) >= MOST_WAITING:
                self.go_on(POLL)

    def go_on(self, within: float) -> None:
        """Begin what there is room for, and tell what has ended, or ends within so many seconds."""
        while self._waiting and self._engine.has_room_for(self._waiting[0]):
            self._engine.start(self._waiting.popleft())
        for outcome in self._engine.ended(within) if self._engine.is_busy else ():
            self._on_outcome(outcome)
