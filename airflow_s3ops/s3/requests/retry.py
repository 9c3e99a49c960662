"""The engine's own bound of tries, on top of botocore's, for one request."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3 import errors

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Trying the same request again can help against these; against the other transient errors something else must
# happen first: a new upload, a new reading of the file.
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
    """How often, and after how long.

    :param tries: the bound.
    :param base: the first pause is random up to so many seconds, each next one up to twice as many.
    :param longest: but never more than so many.
    :param worth: errors that another try may mend.
    """

    tries: int = 5
    base: float = 0.5
    longest: float = 20.0
    worth: tuple[type[errors.S3OpsError], ...] = WORTH_ANOTHER_TRY

    def backoff(self, tries: int) -> float:
        """Return a random pause ("full jitter"), so that many clients don't come back together."""
        return random.uniform(0, min(self.longest, self.base * 2 ** (tries - 1)))  # noqa: S311 - no secret

    def run(
        self,
        attempt: Callable[[], T],
        sleep: Callable[[float], None],
        on_failure: Callable[[errors.S3OpsError], None] = lambda _: None,
    ) -> T:
        """Try until it succeeds, the bound is reached, or an error comes that another try cannot mend.

        :param pause: waits; it may raise, to end the waiting.
        :param on_failure: told of each failure that is followed by another try.
        """
        for tried in range(1, self.tries):
            try:
                return attempt()
            except self.worth as error:
                on_failure(error)
            sleep(self.backoff(tried))
        return attempt()
