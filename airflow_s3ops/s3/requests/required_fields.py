"""Fields without which an answer tells nothing. S3 always sends them; a proxy in between may cut them off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import ServerError
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED = {
    "CreateMultipartUpload": ("UploadId",),
    "HeadObject": ("ContentLength",),
    # A page that a proxy answers with, and calls 200, has none.
    "PutObject": ("ETag",),
    "UploadPart": ("ETag",),
}


def require_fields(operation: str, response: Mapping[str, object], bucket: str, key: str, *more: str) -> None:
    """Refuse an answer that lacks what the operation is asked for.

    :param answer: a success, by the names of fields, or of headers.
    :param more: names that this caller needs besides :data:`REQUIRED`.
    :raises ServerError: naming what is missing; its code is ``UnreadableAnswer``.
    """
    missing = [name for name in (*REQUIRED.get(operation, ()), *more) if response.get(name) is None]
    if missing:
        raise ServerError(
            f"{operation} on {s3_uri(bucket, key)} was answered without {' and '.join(missing)}",
            bucket=bucket,
            key=key,
            code="UnreadableAnswer",
            advice="S3 always sends it. Look at what is between here and the server: a proxy, a gateway.",
        )


def not_stored(bucket: str, key: str) -> ServerError:
    """Return the error for an object that is not there although an answer said that it was stored."""
    return ServerError(
        f"{s3_uri(bucket, key)} was answered as stored, and is not there",
        bucket=bucket,
        key=key,
        code="UnreadableAnswer",
        advice="Either it was deleted at once, or the answer was not S3's: look at what is between here and "
        "the server.",
    )
