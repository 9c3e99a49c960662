"""Turn botocore's automatic retry off for requests that are not idempotent, such as DELETE.

botocore repeats any request after a broken connection. If the response to a DELETE is lost, a repeated DELETE
puts a second delete marker in a versioned bucket. Without the automatic retry, the caller gets the error and
can check first whether the server carried the request out.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_is_active: ContextVar[bool] = ContextVar("is_active", default=False)


@contextmanager
def no_automatic_retry(client: S3Client, operation: str) -> Iterator[None]:
    """Raise botocore's exception for a broken connection at once, in this context and thread only.

    :param operation: such as ``DeleteObject``. Error responses (503 SlowDown) are retried as always.
    """
    # Registered once for each client. It does nothing outside this context, so it does not affect other
    # users of the client.
    client.meta.events.register_first(
        f"needs-retry.s3.{operation}",
        _raise_connection_error,
        unique_id=f"s3ops-no-automatic-retry-{operation}",
    )
    before = _is_active.set(True)
    try:
        yield
    finally:
        _is_active.reset(before)


def _raise_connection_error(caught_exception: Exception | None = None, **_: object) -> None:
    if caught_exception is not None and _is_active.get():
        raise caught_exception
