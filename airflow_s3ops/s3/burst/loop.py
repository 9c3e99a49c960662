"""The event loop: many items in flight in one thread."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Generic

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.burst.response import Response
from airflow_s3ops.s3.burst.work import BatchError, Item, Outcome, Wait
from airflow_s3ops.s3.requests.batch_errors import FATAL, GIVE_UP_AFTER, UNREACHABLE
from airflow_s3ops.s3.requests.cancellation import POLL
from airflow_s3ops.s3.requests.concurrency import Concurrency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_s3ops.s3.burst.client import CrtClient, PendingRequest
    from airflow_s3ops.s3.burst.response import ResponseErrors
    from airflow_s3ops.s3.burst.work import Steps, Work
    from airflow_s3ops.s3.requests.cancellation import Cancellation

# awscrt delays this error by 10 to 30 seconds, as a protection against timing attacks: wait for it only once.
_NO_RETRY_CODES = frozenset({"AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"})

# Requests at once at the start. Measured: docs/design-of-transfers.md.
START = 64


@dataclass(slots=True)
class InFlight(Generic[Item, Outcome]):
    """An item in flight.

    :param size: the bytes that it holds in memory.
    """

    item: Item
    steps: Steps[Outcome]
    size: int


@dataclass
class Loop(Generic[Item, Outcome]):
    """Works on the items of one batch.

    :param most_at_once: the highest number of items in flight.
    :param memory: the most bytes that the items in flight may hold; a single item may exceed it.
    """

    crt: CrtClient[InFlight[Item, Outcome]]
    work: Work[Item, Outcome]
    response_errors: ResponseErrors
    cancellation: Cancellation
    most_at_once: int
    memory: int
    _sent: int = 0
    _held: int = 0
    _failed_in_a_row: int = 0
    _has_response: bool = False
    _waiting: list[tuple[float, int, InFlight[Item, Outcome]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._concurrency = Concurrency(self.most_at_once, START, doubles=True)

    def outcomes(self, items: Iterator[Item]) -> Iterator[Outcome]:
        """Start items while there is room, and yield the outcome of each item when it ends.

        :raises S3OpsError: an error that holds for all items.
        """
        following = next(items, None)
        while following is not None or self._sent or self._waiting:
            self.cancellation.check()
            self._resume_waiting()
            if following is not None and self._has_room(self.work.size_of(following)):
                self._begin(following)
                following = next(items, None)
                self._receive(0)
            else:
                self._receive(self._idle())
            while self._outcomes:
                yield self._outcomes.pop(0)

    def _has_room(self, size: int) -> bool:
        in_flight = self._sent + len(self._waiting)
        fits = in_flight < self._concurrency.limit and self._held + size <= self.memory
        return fits or not in_flight

    def _idle(self) -> float:
        """Return how many seconds to wait for a response until the next waiting item is due."""
        until_next = self._waiting[0][0] - time.monotonic() if self._waiting else POLL
        return min(POLL, max(0.001, until_next))

    def _begin(self, item: Item) -> None:
        in_flight = InFlight(item, self.work.steps_of(item), self.work.size_of(item))
        self._held += in_flight.size
        self._step(in_flight, None, None)

    def _resume_waiting(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            self._step(heapq.heappop(self._waiting)[2], None, None)

    def _receive(self, within: float) -> None:
        """Process the responses that have arrived; wait for the first one only."""
        while (pending := self.crt.ended(within)) is not None:
            within = 0
            self._sent -= 1
            if pending.error is None:
                self._concurrency.succeeded(pending.seconds, pending.operation)
                self._failed_in_a_row = 0
                self._has_response = True
                response = Response({name.lower(): value for name, value in pending.headers})
                self._step(pending.owner, response, None)
            else:
                self._step(pending.owner, None, self._error(pending))

    def _error(self, pending: PendingRequest[InFlight[Item, Outcome]]) -> errors.S3OpsError:
        error = self.crt.error_of(pending, self.response_errors)
        if error.code in _NO_RETRY_CODES and not self._has_response:
            raise error
        if isinstance(error, errors.Throttled):
            self._concurrency.throttled()
        elif not isinstance(error, UNREACHABLE):
            self._failed_in_a_row = 0  # the server is reachable
        return error

    def _step(
        self,
        in_flight: InFlight[Item, Outcome],
        response: Response | None,
        error: errors.S3OpsError | None,
    ) -> None:
        """Resume the steps of an item, until their next request, next wait or end."""
        steps = in_flight.steps
        try:
            following = steps.throw(error) if error else steps.send(response)  # type: ignore[arg-type]
        except StopIteration as end:
            self._end(in_flight, end.value)
        except BatchError as end:
            raise end.error from end.error.__cause__
        except errors.S3OpsError as failure:
            self._fail(in_flight, failure)
        else:
            if isinstance(following, Wait):
                due = time.monotonic() + following.seconds
                heapq.heappush(self._waiting, (due, next(self._numbers), in_flight))
            else:
                self._sent += 1
                self.crt.send(in_flight, following)

    def _end(self, in_flight: InFlight[Item, Outcome], outcome: Outcome) -> None:
        self._held -= in_flight.size
        self._outcomes.append(outcome)

    def _fail(self, in_flight: InFlight[Item, Outcome], error: errors.S3OpsError) -> None:
        if isinstance(error, FATAL):
            raise error
        if isinstance(error, UNREACHABLE):
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= GIVE_UP_AFTER:
                raise error
        self._end(in_flight, self.work.failed(in_flight.item, error))
