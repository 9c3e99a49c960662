"""Fields that a response must have. S3 always sends them; a proxy in between may remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import ServerError
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED = {
    "CreateMultipartUpload": ("UploadId",),
    "HeadObject": ("ContentLength",),
    # An HTML page of a proxy with the status 200 has no ETag.
    "PutObject": ("ETag",),
    "UploadPart": ("ETag",),
}


def require_fields(operation: str, response: Mapping[str, object], bucket: str, key: str, *more: str) -> None:
    """Raise an error if a response lacks a required field.

    :param response: a successful response, by the names of its fields or headers.
    :param more: names that this caller needs besides :data:`REQUIRED`.
    :raises ServerError: naming what is missing; its code is ``UnreadableResponse``.
    """
    missing = [name for name in (*REQUIRED.get(operation, ()), *more) if response.get(name) is None]
    if missing:
        raise ServerError(
            f"The response to {operation} on {s3_uri(bucket, key)} has no {' and no '.join(missing)}",
            bucket=bucket,
            key=key,
            code="UnreadableResponse",
            advice="S3 always sends it. Check what is between the worker and the server: a proxy, a gateway.",
        )


def not_stored(bucket: str, key: str) -> ServerError:
    """Return the error for an object that does not exist although a response reported that it was stored."""
    return ServerError(
        f"The server reported {s3_uri(bucket, key)} as stored, but it does not exist",
        bucket=bucket,
        key=key,
        code="UnreadableResponse",
        advice="Either it was deleted at once, or the response was not S3's: check what is between the "
        "worker and the server.",
    )
