"""``DeleteObjectOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import DeleteObjectResult


class DeleteObjectOperator(S3OpsOperator):
    """Delete one object, or one version of it.

    :param bucket: the bucket's name; None if ``key`` is an ``s3://`` URI.
    :param key: the object's key.
    :param version_id: permanently delete this version. None, on a versioned bucket, adds a delete marker.
    :param if_match: delete the object only if it has this ETag.
    :param if_missing: what to do if the object does not exist: ``ignore`` or ``fail``.
    :raises ObjectNotFound: the object does not exist, with ``if_missing="fail"``.
    :raises PreconditionFailed: the object has another ETag.
    """

    template_fields: Sequence[str] = (
        "bucket",
        "key",
        "version_id",
        "if_match",
        "if_missing",
        *CONNECTION_FIELDS,
    )
    ui_color = "#f6e3e0"

    def __init__(
        self,
        *,
        bucket: str | None = None,
        key: str,
        version_id: str | None = None,
        if_match: str | None = None,
        if_missing: Literal["ignore", "fail"] = "ignore",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.key = key
        self.version_id = version_id
        self.if_match = if_match
        self.if_missing = if_missing

    def target(self) -> tuple[str | None, str | None]:
        """Return the object."""
        return self.bucket, self.key

    def operate(self, context: Context) -> DeleteObjectResult:  # noqa: ARG002 - the base's signature
        """Delete the object."""
        return self.hook.delete_object(
            self.bucket,
            self.key,
            version_id=self.version_id,
            if_match=self.if_match,
            if_missing=self.if_missing,
        )
