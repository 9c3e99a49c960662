"""Our own retries of one request, in addition to botocore's."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3 import errors

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# The same request may succeed after one of these errors. After the other transient errors something else must
# happen first: a new upload, or reading the file again.
WORTH_ANOTHER_TRY = (
    errors.Throttled,
    errors.ServerError,
    errors.NetworkError,
    errors.CredentialsExpired,
    errors.ChecksumMismatch,
    errors.RequestConflict,
)


@dataclass(frozen=True)
class Retries:
    """How often a request is tried, and how long the waits between the tries are.

    :param tries: the highest number of tries.
    :param base: the upper limit of the first random wait, in seconds; it doubles with each further wait.
    :param longest: no wait is longer than this, in seconds.
    :param worth: errors that are worth another try.
    """

    tries: int = 5
    base: float = 0.5
    longest: float = 20.0
    worth: tuple[type[errors.S3OpsError], ...] = WORTH_ANOTHER_TRY

    def backoff(self, tries: int) -> float:
        """Return a random wait ("full jitter"), so that many clients do not retry at the same time."""
        return random.uniform(0, min(self.longest, self.base * 2 ** (tries - 1)))  # noqa: S311 - no secret

    def run(
        self,
        attempt: Callable[[], T],
        sleep: Callable[[float], None],
        on_failure: Callable[[errors.S3OpsError], None] = lambda _: None,
    ) -> T:
        """Try until success, until the last try, or until an error that is not worth another try.

        :param sleep: waits; it may raise, to end the wait.
        :param on_failure: called with each error that is followed by another try.
        """
        for tried in range(1, self.tries):
            try:
                return attempt()
            except self.worth as error:
                on_failure(error)
            sleep(self.backoff(tried))
        return attempt()
