"""What all listings share: what is listed, and the request for one page."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import ServerError
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.requests.xml_operations import Operation, request_document

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.xml import Document

PAGE_SIZE = 1000  # S3's largest, and its default


@dataclass(frozen=True)
class Listing:
    """What is listed.

    :param prefix: only keys that begin with it; empty for all keys.
    :param start_after: only keys after this one; None for all.
    :param page_size: keys per request, up to 1,000.
    :param stop: checked before each request.
    """

    bucket: str
    prefix: str = ""
    start_after: str | None = None
    page_size: int = PAGE_SIZE
    stop: threading.Event | None = None

    def request(self) -> dict[str, Any]:
        """Return the parameters of the first request."""
        start = {"StartAfter": self.start_after} if self.start_after else {}
        return {"Bucket": self.bucket, "Prefix": self.prefix, "MaxKeys": self.page_size, **start}


def request_page(client: S3Client, operation: Operation, request: dict[str, Any]) -> Document:
    """Request one page of a listing.

    :raises S3OpsError: the errors of the listings.
    """
    with translated(client, request["Bucket"]):
        return request_document(client, operation, request).document


@contextmanager
def translated_parse_errors(bucket: str) -> Iterator[None]:
    """Translate the error if an entry lacks a field that every S3 sends, or a value cannot be parsed.

    :raises ServerError: naming the field or the value.
    """
    try:
        yield
    except (KeyError, ValueError) as error:
        raise ServerError(
            f"The listing of {s3_uri(bucket)} cannot be parsed: {error!r} in the server's response",
            bucket=bucket,
        ) from error
