"""What a condition that was not met is called, and whether a server heeds conditions at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airflow_s3ops.s3.errors import NotSupportedByServer
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from airflow_s3ops.s3.errors import PermanentError, S3OpsError

Kind = TypeVar("Kind", bound="PermanentError")


def condition_error(error: S3OpsError, kind: type[Kind], there: str) -> Kind:
    """Return the error that names what the condition was about.

    :param error: what S3 answered.
    :param there: ``is`` or ``is no longer``.
    """
    return kind(
        f"There {there} an object at {s3_uri(error.bucket, error.key)}",
        bucket=error.bucket,
        key=error.key,
        code=error.code,
        request_id=error.request_id,
        reason=error.reason,
    )


@dataclass
class ConditionSupport:
    """Whether the server heeds ``If-None-Match``.

    :param is_proven: it is known to. Until then each key is looked at first, so that a server that ignores
        conditions overwrites nothing.
    """

    is_proven: bool
    _is_probing: bool = False

    def begin_probe(self) -> bool:
        """Whether the caller is to find out: only the first one is."""
        first = not self.is_proven and not self._is_probing
        self._is_probing = True
        return first

    def confirmed(self) -> None:
        """Take note that it does."""
        self.is_proven = True

    def inconclusive(self) -> None:
        """Take note that it could not be found out; the next one may try."""
        self._is_probing = False


def conditions_ignored(bucket: str, key: str) -> NotSupportedByServer:
    """Return the error for a server that stores although the condition is not met."""
    return NotSupportedByServer(
        f"The server ignores If-None-Match: it stored {s3_uri(bucket, key)} a second time",
        bucket=bucket,
        key=key,
        advice='Use if_exists="skip_if_same", which looks at each key first, or "replace": '
        "on this server no condition keeps another writer's object from being replaced",
    )
