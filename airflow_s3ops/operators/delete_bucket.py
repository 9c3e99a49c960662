"""``DeleteBucketOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator
from airflow_s3ops.operators.coerce import as_bool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import DeleteBucketResult


class DeleteBucketOperator(S3OpsOperator):
    """Delete a bucket, which must be empty, or everything in it first.

    :param bucket: the bucket's name.
    :param force: True deletes all objects, versions and delete markers, and aborts open uploads, for good.
    :param if_missing: ``fail``, or ``ignore`` a bucket that is not there.
    :raises BucketNotEmpty: saying what is in it.
    :raises BucketNotFound: with ``if_missing="fail"``.
    :raises BucketRefilled: somebody goes on writing to the bucket.
    :raises AccessDenied: a bucket that may not be looked at is never taken for one that is not there.
    """

    template_fields: Sequence[str] = ("bucket", "force", "if_missing", *CONNECTION_FIELDS)
    ui_color = "#f6e3e0"

    def __init__(
        self,
        *,
        bucket: str,
        force: bool = False,
        if_missing: Literal["fail", "ignore"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.force = force
        self.if_missing = if_missing

    def target(self) -> tuple[str | None, str | None]:
        """Return the bucket."""
        return self.bucket, None

    def operate(self, context: Context) -> DeleteBucketResult:  # noqa: ARG002 - the base's signature
        """Empty the bucket if asked, and delete it."""
        return self.hook.delete_bucket(
            self.bucket, force=as_bool("force", self.force), if_missing=self.if_missing
        )
