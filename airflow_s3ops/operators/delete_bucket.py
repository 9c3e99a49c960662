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
    """Delete an empty bucket; with ``force=True``, first delete everything in it.

    :param bucket: the bucket's name.
    :param force: True permanently deletes all objects, versions and delete markers, and aborts open uploads.
    :param if_missing: what to do if the bucket does not exist: ``fail`` or ``ignore``.
    :raises BucketNotEmpty: the bucket is not empty; the error says what is in it.
    :raises BucketNotFound: the bucket does not exist, with ``if_missing="fail"``.
    :raises BucketRefilled: another writer keeps writing to the bucket.
    :raises AccessDenied: this identity is not allowed to check the bucket; that never counts as missing.
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
        """Empty the bucket if ``force`` is set, and delete it."""
        return self.hook.delete_bucket(
            self.bucket, force=as_bool("force", self.force), if_missing=self.if_missing
        )
