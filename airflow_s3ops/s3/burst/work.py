"""What the steps of one item yield: a request, or a wait.

The steps are a generator. It yields a request or a wait, and receives the request's response or error.
In this way one thread has hundreds of items in flight.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from airflow_s3ops.s3.burst.response import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_s3ops.s3.burst.request_template import Header, Template
    from airflow_s3ops.s3.errors import S3OpsError

T = TypeVar("T")
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
_In_contra = TypeVar("_In_contra", contravariant=True)
_Out_co = TypeVar("_Out_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    :param template: what it has in common with the other requests of its operation.
    :param headers: the headers of this request only.
    :param body: None for a request without content.
    :param sha256: the SHA-256 of the body, in hexadecimal digits; needed if the template signs the payload.
    """

    template: Template
    key: str
    headers: Sequence[Header] = ()
    body: bytes | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait, in seconds."""

    seconds: float


Steps: TypeAlias = Generator[Request | Wait, Response, T]


class BatchError(Exception):
    """An error found with one item that holds for the whole batch."""

    def __init__(self, error: S3OpsError) -> None:
        super().__init__(str(error))
        self.error = error


class Work(Protocol[_In_contra, _Out_co]):
    """What is done with each item of a batch."""

    def size_of(self, item: _In_contra) -> int:
        """Return the bytes that the item holds in memory while it is in flight."""

    def steps_of(self, item: _In_contra) -> Steps[_Out_co]:
        """Yield the requests and waits for one item, and return its outcome.

        :raises S3OpsError: the item failed.
        :raises BatchError: no other item can succeed either.
        """

    def failed(self, item: _In_contra, error: S3OpsError) -> _Out_co:
        """Return the outcome of an item that failed."""
