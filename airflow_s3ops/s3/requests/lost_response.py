"""Lost responses: whether the server may have carried out a request although no response arrived."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.translate import error_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_watching: ContextVar[LostResponses | None] = ContextVar("watching", default=None)


class LostResponses:
    """True once a response may have been lost: in one of our attempts, or in botocore's retries within one.

    A throttled request does not count: it has a response, and was not carried out.

    :param operation: the operation to watch, such as ``PutObject``.
    """

    def __init__(self, client: S3Client, operation: str) -> None:
        self._any = False
        # Registered once for each client; it does nothing outside watched().
        client.meta.events.register_first(
            f"needs-retry.s3.{operation}", _note, unique_id=f"s3ops-lost-responses-{operation}"
        )

    def __bool__(self) -> bool:
        """Return whether a response may have been lost."""
        return self._any

    def note(self) -> None:
        """Record that a response may have been lost."""
        self._any = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch one attempt."""
        before = _watching.set(self)
        try:
            yield
        except (errors.NetworkError, errors.ServerError):
            self.note()
            raise
        finally:
            _watching.reset(before)


def _note(response: Any = None, caught_exception: Exception | None = None, **_: object) -> None:
    """Check one of botocore's tries. The return value None lets botocore decide about a retry."""
    lost = _watching.get()
    if lost is not None and (caught_exception is not None or _is_server_error(response)):
        lost.note()


def _is_server_error(response: Any) -> bool:
    if response is None:
        return False
    http, parsed = response
    return error_class(parsed.get("Error", {}).get("Code", ""), http.status_code) is errors.ServerError
