"""The error for a condition that was not met, and whether a server evaluates conditions at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3.errors import NotSupportedByServer
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from airflow_s3ops.s3.errors import PermanentError, S3OpsError

Kind = TypeVar("Kind", bound="PermanentError")


def condition_error(error: S3OpsError, kind: type[Kind], verb: str) -> Kind:
    """Return the error that names the object and the condition that was not met.

    :param error: the error for S3's response.
    :param verb: the verb of the message: ``is`` or ``is no longer``.
    """
    return kind(
        f"There {verb} an object at {s3_uri(error.bucket, error.key)}",
        bucket=error.bucket,
        key=error.key,
        code=error.code,
        request_id=error.request_id,
        reason=error.reason,
    )


@dataclass
class ConditionSupport:
    """Whether the server honours ``If-None-Match``.

    :param is_proven: whether that is known. Until then a HEAD of each key comes first, so that a server that
        ignores conditions overwrites nothing.
    """

    is_proven: bool
    _is_probing: bool = False

    def begin_probe(self) -> bool:
        """Return whether this caller is to test the server: only the first caller is."""
        first = not self.is_proven and not self._is_probing
        self._is_probing = True
        return first

    def confirmed(self) -> None:
        """Record that the server honours the condition."""
        self.is_proven = True

    def inconclusive(self) -> None:
        """Record that the test had no result; the next caller may test."""
        self._is_probing = False


def conditions_ignored(bucket: str, key: str) -> NotSupportedByServer:
    """Return the error for a server that stores an object although the condition is not met."""
    return NotSupportedByServer(
        f"The server ignores If-None-Match: it stored {s3_uri(bucket, key)} a second time",
        bucket=bucket,
        key=key,
        advice='Use if_exists="skip_if_same", which makes a HEAD request for each key first, or "replace": '
        "on this server no condition protects another writer's object from being replaced",
    )
