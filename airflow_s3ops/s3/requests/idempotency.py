"""Requests whose answer was lost, given to us to look what became of them, instead of sent again blindly.

botocore repeats any request after a broken connection. A DELETE that is done twice on a versioned bucket puts
two delete markers.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_is_ours: ContextVar[bool] = ContextVar("is_ours", default=False)


@contextmanager
def no_automatic_retry(client: S3Client, operation: str) -> Iterator[None]:
    """Have a broken connection raised at once, as botocore's exception, in this context and thread only.

    :param operation: such as ``DeleteObject``. Answers that came (503 SlowDown) are retried as always.
    """
    # Kept by the client, once: others who use it are outside the context, and notice nothing.
    client.meta.events.register_first(
        f"needs-retry.s3.{operation}", _raise_what_broke, unique_id=f"s3ops-no-blind-repeat-{operation}"
    )
    before = _is_ours.set(True)
    try:
        yield
    finally:
        _is_ours.reset(before)


def _raise_what_broke(caught_exception: Exception | None = None, **_: object) -> None:
    if caught_exception is not None and _is_ours.get():
        raise caught_exception
