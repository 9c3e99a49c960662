"""The loop that has many journeys under way in one thread."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.bulk.answer import Answer, Refusals
from airflow_s3ops.s3.bulk.journey import EndOfBatchError, Pause
from airflow_s3ops.s3.bulk.outgoing import AWAY, FATAL, GIVEN_UP, Undelivered
from airflow_s3ops.s3.halt import POLL
from airflow_s3ops.s3.requests.concurrency import Concurrency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.crt_client import CrtClient, Sending
    from airflow_s3ops.s3.bulk.journey import Journeys, Look, Put, Way
    from airflow_s3ops.s3.bulk.outgoing import Delivered, Outgoing
    from airflow_s3ops.s3.halt import Halt

# awscrt takes 10 to 30 seconds to tell this, against eavesdroppers who measure: once is enough.
_NEVER_MENDS = frozenset({"AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"})

# Requests at once to begin with. Measured: docs/design-of-transfers.md.
START = 64


@dataclass(slots=True)
class Traveller:
    """A file under way.

    :param weight: the bytes that it holds.
    :param wish: what was asked for it last.
    """

    outgoing: Outgoing
    way: Way[Delivered]
    weight: int
    wish: Put | Look | None = None


@dataclass
class BurstLoop:
    """Sends the files of one batch.

    :param most_at_once: files under way, at most.
    :param memory: bytes that they hold, at most; a single one may exceed it.
    """

    client: S3Client
    crt: CrtClient
    journeys: Journeys
    halt: Halt
    most_at_once: int
    memory: int
    _sent: int = 0
    _held: int = 0
    _given_up: int = 0
    _has_answer: bool = False
    _waiting: list[tuple[float, int, Traveller]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _outcomes: list[Delivered | Undelivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._concurrency = Concurrency(self.most_at_once, START, doubles=True)
        self._refusals = Refusals(self.client, self.journeys.args)

    def outcomes(self, outgoing: Iterator[Outgoing]) -> Iterator[Delivered | Undelivered]:
        """Pull files as there is room, and yield what became of each.

        :raises S3OpsError: what holds for all of them.
        """
        following = next(outgoing, None)
        while following or self._sent or self._waiting:
            self.halt.check()
            self._go_on_waiting()
            if following and self._has_room(following.file.size):
                self._begin(following)
                following = next(outgoing, None)
                self._take(0)
            else:
                self._take(self._idle())
            while self._outcomes:
                yield self._outcomes.pop(0)

    def _has_room(self, size: int) -> bool:
        under_way = self._sent + len(self._waiting)
        fits = under_way < self._concurrency.limit and self._held + size <= self.memory
        return fits or not under_way

    def _idle(self) -> float:
        """Return how long nothing but an answer can happen."""
        until_next = self._waiting[0][0] - time.monotonic() if self._waiting else POLL
        return min(POLL, max(0.001, until_next))

    def _begin(self, outgoing: Outgoing) -> None:
        traveller = Traveller(outgoing, self.journeys.of(outgoing), outgoing.file.size)
        self._held += traveller.weight
        self._step(traveller, None, None)

    def _go_on_waiting(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            self._step(heapq.heappop(self._waiting)[2], None, None)

    def _take(self, within: float) -> None:
        """Take what has ended; wait for the first one only."""
        while (sending := self.crt.ended(within)) is not None:
            within = 0
            self._sent -= 1
            if sending.error is None:
                self._concurrency.succeeded(sending.seconds, sending.operation)
                self._given_up = 0
                self._has_answer = True
                answer = Answer({name.lower(): value for name, value in sending.headers})
                self._step(sending.owner, answer, None)
            else:
                self._step(sending.owner, None, self._error(sending))

    def _error(self, sending: Sending) -> errors.S3OpsError:
        error = self.crt.error_of(sending, self._refusals)
        if error.code in _NEVER_MENDS and not self._has_answer:
            raise error
        if isinstance(error, errors.Throttled):
            self._concurrency.throttled()
        elif not isinstance(error, AWAY):
            self._given_up = 0  # it answers
        return error

    def _step(self, traveller: Traveller, answer: Answer | None, error: errors.S3OpsError | None) -> None:
        """Let a journey go on to its next wish, or its end."""
        try:
            wish = traveller.way.throw(error) if error else traveller.way.send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            self._arrived(traveller, end.value)
        except EndOfBatchError as end:
            raise end.error from end.error.__cause__
        except errors.S3OpsError as failure:
            self._failed(traveller, failure)
        else:
            if isinstance(wish, Pause):
                due = time.monotonic() + wish.seconds
                heapq.heappush(self._waiting, (due, next(self._numbers), traveller))
            else:
                traveller.wish = wish
                self._sent += 1
                self.crt.ask(traveller, wish)

    def _arrived(self, traveller: Traveller, outcome: Delivered | Undelivered) -> None:
        self._held -= traveller.weight
        self._outcomes.append(outcome)

    def _failed(self, traveller: Traveller, error: errors.S3OpsError) -> None:
        if isinstance(error, FATAL):
            raise error
        if isinstance(error, AWAY):
            self._given_up += 1
            if self._given_up >= GIVEN_UP:
                raise error
        self._arrived(traveller, Undelivered(traveller.outgoing, error))
