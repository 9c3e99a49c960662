"""Whether a request may have been carried out although its answer was never seen."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from airflow_s3ops.s3 import errors

if TYPE_CHECKING:
    from collections.abc import Iterator


class LostAnswers:
    """True once an answer may have been lost: by a try of ours, or by one of botocore's inside it."""

    def __init__(self) -> None:
        self._any = False

    def __bool__(self) -> bool:
        """Return whether an answer may have been lost."""
        return self._any

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch one try."""
        try:
            yield
        except (errors.NetworkError, errors.ServerError):
            self._any = True
            raise
        except errors.S3OpsError as error:
            self._any = self._any or _was_retried(error)
            raise


def _was_retried(error: errors.S3OpsError) -> bool:
    cause = error.__cause__
    return isinstance(cause, ClientError) and bool(cause.response["ResponseMetadata"].get("RetryAttempts"))
