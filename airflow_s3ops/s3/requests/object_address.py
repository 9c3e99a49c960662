"""The object that a request is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class ObjectAddress:
    """One key of one bucket, and the client for it.

    :param extra_args: checked; each operation is sent with those that it knows.
    """

    client: S3Client
    bucket: str
    key: str
    extra_args: Mapping[str, Any]

    @property
    def uri(self) -> str:
        """Return ``s3://bucket/key``."""
        return s3_uri(self.bucket, self.key)
