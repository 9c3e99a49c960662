"""Whether a request may have been carried out although its answer was never seen."""

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
    """True once an answer may have been lost: by a try of ours, or by one of botocore's inside it.

    A request that was throttled was answered, and not carried out.

    :param operation: the one that is watched, such as ``PutObject``.
    """

    def __init__(self, client: S3Client, operation: str) -> None:
        self._any = False
        # Kept by the client, once: it looks at what is watched only.
        client.meta.events.register_first(
            f"needs-retry.s3.{operation}", _note, unique_id=f"s3ops-lost-answers-{operation}"
        )

    def __bool__(self) -> bool:
        """Return whether an answer may have been lost."""
        return self._any

    def note(self) -> None:
        """Take note of one."""
        self._any = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch one try."""
        before = _watching.set(self)
        try:
            yield
        except (errors.NetworkError, errors.ServerError):
            self.note()
            raise
        finally:
            _watching.reset(before)


def _note(response: Any = None, caught_exception: Exception | None = None, **_: object) -> None:
    """Look at one of botocore's tries; None leaves the decision about another one to botocore."""
    lost = _watching.get()
    if lost is not None and (caught_exception is not None or _is_server_error(response)):
        lost.note()


def _is_server_error(response: Any) -> bool:
    if response is None:
        return False
    http, parsed = response
    return error_class(parsed.get("Error", {}).get("Code", ""), http.status_code) is errors.ServerError
